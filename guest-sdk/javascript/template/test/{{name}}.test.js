import assert from "node:assert/strict";
import { test } from "node:test";

import { isHot, mean, toFahrenheit } from "../src/{{name}}.js";

test("water boils at 212", () => {
  assert.equal(toFahrenheit({ celsius: 100 }), 212);
});

test("the threshold is not hot", () => {
  assert.equal(isHot({ temperature: 30 }, { threshold: 30 }), false);
  assert.equal(isHot({ temperature: 31 }, { threshold: 30 }), true);
});

test("a mean of nothing is null", () => {
  assert.equal(mean.finish(mean.init()), null);
});

test("means merge", () => {
  const [one, other] = [mean.init(), mean.init()];
  mean.update(one, { value: 1 });
  mean.update(other, { value: 2 });
  mean.update(other, { value: 6 });
  mean.merge(one, other);
  assert.equal(mean.finish(one), 3);
});
