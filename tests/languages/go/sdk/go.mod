module sdk

go 1.24

require tidemill v0.0.0

replace tidemill => ../../../../guest-sdk/go/sdk
