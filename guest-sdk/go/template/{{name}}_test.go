package {{name}}

import "testing"

func TestWaterBoilsAt212(t *testing.T) {
	if got := toFahrenheit(100); got != 212 {
		t.Errorf("toFahrenheit(100) = %v, want 212", got)
	}
}

func TestTheThresholdItselfIsNotHot(t *testing.T) {
	if isHot(config.Threshold) {
		t.Error("isHot(config.Threshold) = true, want false")
	}
}

func TestTheMeanOfTwoPartsIsThatOfAll(t *testing.T) {
	var first, second mean
	first.Update(1)
	second.Update(2)
	second.Update(6)
	first.Merge(second)
	if got := first.Finish(); !got.Valid || got.V != 3 {
		t.Errorf("Finish() = %v, want 3", got)
	}
}
