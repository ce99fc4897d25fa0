"""What the host calls, without a component around it."""

import unittest
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tidemill import Int32, RowError, aggregate, config, holistic, process, scalar, state, table
from tidemill._columns import column, pack_numbers, values_or_none
from tidemill._function import CallError
from tidemill._library import library
from tidemill.types import DataType, Field


@config
class Config:
    threshold: float = 30.0
    names: list[str] | None = None


@scalar
def is_hot(config: Config, temperature: float) -> bool:
    """Is this reading above the threshold?"""
    return temperature > config.threshold


@scalar(result="quotient")
def divide(a: int, b: int) -> int:
    if b == 0:
        raise RowError("division by zero")
    return a // b


@scalar
def number(text: str | None) -> float | None:
    return None if text is None else float(text)


@scalar
def wrong(a: int) -> float:
    return None


@scalar(columns=True)
def less_mean(value: Sequence[float]) -> Sequence[float]:
    mean = sum(value) / len(value)
    return [one - mean for one in value]


@scalar
def answer() -> int:
    return 42


@dataclass
class Word:
    word: str
    position: Int32


@table
def words(line: str) -> Iterator[Word]:
    for position, word in enumerate(line.split()):
        if word == "!":
            raise RowError("loud")
        yield Word(word, position)


@table
def first(line: str) -> str | None:
    return line[:1] or None


@aggregate(version=2)
class Total:
    sum: float = 0.0
    count: int = 0

    def update(self, value: float) -> None:
        self.count += 1
        if value < 0:
            raise RowError("negative")
        self.sum += value

    def merge(self, other: "Total") -> None:
        self.sum += other.sum
        self.count += other.count

    def finish(self) -> float | None:
        return self.sum if self.count else None

    @staticmethod
    def from_version_1(old) -> "Total":
        return Total(old.sum, 1)


@holistic
def middle(value: Sequence[float]) -> float | None:
    return sorted(value)[len(value) // 2] if value else None


@state
class Seen:
    rows: int = 0


@process(result="rows")
def counted(seen: Seen, amount: int) -> Iterator[int]:
    seen.rows += 1
    yield seen.rows
    if amount < 0:
        raise RowError("negative")


FUNCTIONS = {function.name: function for function in library.functions}


def columns(name, *lists):
    return [
        column(list(values), field.type) for values, field in zip(lists, FUNCTIONS[name].parameters)
    ]


def results(name, made, rows):
    return [
        values_or_none(one, field.type, rows)
        for one, field in zip(made, FUNCTIONS[name].results.fields)
    ]


def call(name, *lists, config=None):
    rows = len(lists[0])
    made, errors = FUNCTIONS[name].call(config, columns(name, *lists), rows)
    return [list(values) for values in results(name, made, rows)], errors


class Scalars(unittest.TestCase):
    def test_a_row_that_lacks_a_value_has_no_result(self):
        found, errors = call("divide", [7, None, 9], [2, 1, None])
        self.assertEqual((found, errors), ([[3, None, None]], []))

    def test_errors_refuse_their_rows_and_the_others_go_on(self):
        found, errors = call("divide", [7, 1, 9, 1], [2, 0, 3, 0])
        self.assertEqual([found[0][row] for row in (0, 2)], [3, 3])
        self.assertEqual(errors, [(1, "division by zero"), (3, "division by zero")])

    def test_rows_of_errors_count_those_that_were_left_out(self):
        _, errors = call("divide", [None, 1, None, 1], [1, 1, 1, 0])
        self.assertEqual(errors, [(3, "division by zero")])

    def test_any_value_error_refuses_a_row(self):
        found, errors = call("number", ["1.5", None, "?"])
        self.assertEqual(found[0][:2], [1.5, None])
        self.assertEqual(errors, [(2, "could not convert string to float: '?'")])

    def test_what_an_annotation_does_not_allow_is_a_mistake(self):
        with self.assertRaisesRegex(TypeError, "function `wrong` has given what does not fit"):
            call("wrong", [1])

    def test_booleans_are_bits(self):
        hot = [20.0, 40.0] * 9
        found, _ = call("is_hot", hot, config=Config(threshold=30.0))
        self.assertEqual(found, [[False, True] * 9])

    def test_columns_are_those_without_nulls(self):
        found, _ = call("less_mean", [1.0, None, 3.0])
        self.assertEqual(found, [[-1.0, None, 1.0]])

    def test_a_function_may_take_nothing(self):
        made, _ = FUNCTIONS["answer"].call(None, [], 3)
        self.assertEqual(results("answer", made, 3), [array("q", [42, 42, 42])])


class Tables(unittest.TestCase):
    def test_rows_know_what_they_come_from(self):
        given = columns("words", ["a b", None, "", "c"])
        made, parents, errors = FUNCTIONS["words"].call(None, given, 4)
        self.assertEqual(results("words", made, 3)[0], ["a", "b", "c"])
        self.assertEqual((parents, errors), (pack_numbers([0, 0, 3]), []))

    def test_a_refused_row_leaves_nothing(self):
        made, parents, errors = FUNCTIONS["words"].call(None, columns("words", ["a !", "ß"]), 2)
        self.assertEqual(results("words", made, 1)[0], ["ß"])
        self.assertEqual((parents, errors), (pack_numbers([1]), [(0, "loud")]))

    def test_one_row_or_none(self):
        made, parents, _ = FUNCTIONS["first"].call(None, columns("first", ["ab", "", "c"]), 3)
        self.assertEqual(results("first", made, 2), [["a", "c"]])
        self.assertEqual(parents, pack_numbers([0, 2]))


class States(unittest.TestCase):
    def test_a_refused_row_changes_no_accumulator(self):
        total = FUNCTIONS["total"]
        values = [1.0, 2.0, -1.0, 4.0, -1.0, None, 8.0]
        groups = pack_numbers([0, 1, 0, 0, 1, 0, 1])
        begun = total.states.new(2)
        made, errors = total.update(begun, 2, groups, columns("total", values), len(values))
        states = [(one.sum, one.count) for one in total.states.load(made, 2)]
        self.assertEqual(states, [(5.0, 2), (10.0, 2)])
        self.assertEqual(errors, [(2, "negative"), (4, "negative")])

    def test_accumulators_merge_and_finish(self):
        total = FUNCTIONS["total"]
        partials = total.states.store([total.states.holder(1.0, 1), total.states.holder(2.0, 1)])
        made = total.merge(total.states.new(2), 2, pack_numbers([1, 1]), partials, 2)
        found = results("total", total.finish(made, 2), 2)
        self.assertEqual(found, [[None, 3.0]])

    def test_older_versions_are_converted(self):
        states = FUNCTIONS["total"].states
        old = [Field("sum", DataType.FLOAT64, False)]
        made = states.migrate(1, old, [column([2.5], DataType.FLOAT64)], 1)
        self.assertEqual(states.load(made, 1), [states.holder(2.5, 1)])
        with self.assertRaisesRegex(CallError, "unknown version 7"):
            states.migrate(7, old, [column([2.5], DataType.FLOAT64)], 1)

    def test_groups_may_be_empty(self):
        given = columns("middle", [3.0, 1.0, 2.0, None])
        made, errors = FUNCTIONS["middle"].evaluate(None, 3, pack_numbers([0, 0, 0, 2]), given, 4)
        self.assertEqual(results("middle", made, 3), [[2.0, None, None]])
        self.assertEqual(errors, [])

    def test_a_refused_row_changes_no_state(self):
        counted = FUNCTIONS["counted"]
        keys = pack_numbers([0, 0, 1, 0])
        given = columns("counted", [1, -1, 1, 1])
        stored, made, parents, errors = counted.process(
            None, counted.states.new(2), 2, keys, given, 4
        )
        self.assertEqual([one.rows for one in counted.states.load(stored, 2)], [2, 1])
        self.assertEqual(results("counted", made, 3), [array("q", [1, 1, 2])])
        self.assertEqual((parents, errors), (pack_numbers([0, 2, 3]), [(1, "negative")]))


class Configurations(unittest.TestCase):
    def test_keys_and_types_are_checked(self):
        self.assertEqual(library.configure("{}"), Config())
        self.assertEqual(library.configure('{"threshold": 3}').threshold, 3.0)
        self.assertEqual(library.configure('{"names": ["a"]}').names, ["a"])
        for text, expected in [
            ('{"treshold": 3}', "`treshold` is no key of the configuration"),
            ('{"threshold": "3"}', "`threshold`: expected a number"),
            ('{"threshold": true}', "`threshold`: expected a number"),
            ('{"names": [1]}', r"`names\[0\]`: expected a text"),
        ]:
            with self.assertRaisesRegex(ValueError, expected):
                library.configure(text)


class Annotations(unittest.TestCase):
    def test_what_is_no_column_is_told(self):
        with self.assertRaisesRegex(TypeError, "function `odd`: `a` cannot be `list"):

            @scalar
            def odd(a: list[int]) -> int:
                return 1

        with self.assertRaisesRegex(TypeError, "`a` needs an annotation"):

            @scalar
            def bare(a) -> int:
                return 1

    def test_docs_come_from_docstrings(self):
        self.assertEqual(FUNCTIONS["is_hot"].doc, "Is this reading above the threshold?")
        self.assertEqual(FUNCTIONS["total"].doc, "")
