import assert from "node:assert/strict";
import { test } from "node:test";

import { compile } from "../.tidemill/sdk/testing.mjs";

const { isHot, toFahrenheit } = await compile("src/{{name}}.ts");

test("water boils at 212", () => {
  assert.equal(toFahrenheit(100), 212);
});

test("the threshold itself is not hot", () => {
  assert.ok(!isHot(30));
});
