"""The interfaces of a component, for componentize-py: hands over to the library what the host sends.

Lists of numbers come and go as bytes: `tidemill build` sees to that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from componentize_py_types import Err
from wit_world.exports import aggregate, catalog, holistic, process, scalar, table
from wit_world.imports import types as wit

from . import log
from ._columns import Column
from ._errors import reason
from ._function import CallError, Function, Kind
from ._library import library
from .types import DataType, Field

_BUFFERS = {
    DataType.BOOLEAN: wit.Buffer_Boolean,
    DataType.INT32: wit.Buffer_Int32,
    DataType.INT64: wit.Buffer_Int64,
    DataType.FLOAT32: wit.Buffer_Float32,
    DataType.FLOAT64: wit.Buffer_Float64,
    DataType.TIMESTAMP: wit.Buffer_Timestamp,
    DataType.UTF8: wit.Buffer_Utf8,
    DataType.BINARY: wit.Buffer_Binary,
}
_TYPES = {buffer: kind for kind, buffer in _BUFFERS.items()}

_config: Any = None


def _answers(method: Callable[..., Any]) -> Callable[..., Any]:
    """Answers errors of the whole call; tells the log of any other exception, which ends in a trap."""

    @wraps(method)
    def answer(*arguments: Any) -> Any:
        try:
            return method(*arguments)
        except CallError as error:
            raise Err(_text(str(error))) from error
        except Exception as error:
            for line in _story(error):
                log.error(line)
            raise

    return answer


def _story(error: Exception) -> list[str]:
    """Where in the library an exception came from. The standard `traceback` would look for source files."""
    lines = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "/tidemill/_" not in code.co_filename:
            # The folders of the build are numbered.
            name = re.sub(r"^/\d+/", "", code.co_filename)
            lines.append(f"  {name}:{trace.tb_lineno}, in {code.co_qualname}")
        trace = trace.tb_next
    return [*lines[-6:], f"{type(error).__name__}: {error}"]


def _function(place: int, kind: Kind) -> Any:
    functions = library.functions
    if place >= len(functions) or functions[place].kind is not kind:
        raise CallError(f"function {place} is no {kind.name.lower()} function")
    return functions[place]


def _taken(batch: wit.Batch, fields: tuple[Field, ...]) -> list[Column]:
    columns = []
    for column, field in zip(batch.columns, fields, strict=False):
        buffer = column.buffer
        if type(buffer) is not _BUFFERS[field.type]:
            found = _TYPES[type(buffer)].name.lower()
            raise CallError(f"`{field.name}`: {found} where {field.type.name.lower()} was expected")
        value = buffer.value
        if type(value) is wit.VarBytes:
            columns.append(Column(value.data, value.offsets, column.validity))
        else:
            columns.append(Column(value, None, column.validity))
    if len(batch.columns) != len(fields):
        raise CallError(f"{len(batch.columns)} columns where {len(fields)} were expected")
    return columns


def _given(columns: list[Column], fields: tuple[Field, ...]) -> list[wit.Column]:
    given = []
    for column, field in zip(columns, fields):
        data = column.data
        value = data if column.offsets is None else wit.VarBytes(column.offsets, data)
        given.append(wit.Column(_BUFFERS[field.type](value), column.validity))
    return given


def _batch(rows: int, columns: list[Column], fields: tuple[Field, ...]) -> wit.Batch:
    return wit.Batch(rows, _given(columns, fields))


def _errors(errors: list[tuple[int, str]]) -> list[wit.RowError]:
    return [wit.RowError(row, _text(message)) for row, message in errors]


def _text(message: str) -> str:
    """A message without what is no Unicode, which cannot be handed on."""
    return message.encode("utf-8", "replace").decode()


def _field(field: Field) -> wit.Field:
    return wit.Field(field.name, wit.DataType(field.type.value), field.nullable)


def _entry(function: Function) -> catalog.Function:
    return catalog.Function(
        function.name,
        catalog.Kind(function.kind.value),
        function.doc,
        list(map(_field, function.parameters)),
        list(map(_field, function.results.fields)),
        list(map(_field, function.state)),
        function.state_version,
    )


class Catalog:
    @_answers
    def configure(self, config: str) -> list[catalog.Function]:
        global _config
        try:
            _config = library.configure(config)
        except ValueError as error:
            raise CallError(reason(error)) from error
        return list(map(_entry, library.functions))


class Scalar:
    @_answers
    def call(self, function: int, arguments: wit.Batch) -> scalar.ScalarResult:
        called = _function(function, Kind.SCALAR)
        columns = _taken(arguments, called.parameters)
        results, errors = called.call(_config, columns, arguments.rows)
        return scalar.ScalarResult(_given(results, called.results.fields), _errors(errors))


class Table:
    @_answers
    def call(self, function: int, arguments: wit.Batch) -> table.TableResult:
        called = _function(function, Kind.TABLE)
        columns = _taken(arguments, called.parameters)
        results, parents, errors = called.call(_config, columns, arguments.rows)
        given = _given(results, called.results.fields)
        return table.TableResult(given, parents, _errors(errors))


class Aggregate:
    @_answers
    def init(self, function: int, count: int) -> wit.Batch:
        called = _function(function, Kind.AGGREGATE)
        return _batch(count, called.states.new(count), called.state)

    @_answers
    def update(
        self, function: int, accumulators: wit.Batch, groups: bytes, arguments: wit.Batch
    ) -> aggregate.UpdateResult:
        called = _function(function, Kind.AGGREGATE)
        states, errors = called.update(
            _taken(accumulators, called.state),
            accumulators.rows,
            groups,
            _taken(arguments, called.parameters),
            arguments.rows,
        )
        return aggregate.UpdateResult(
            _batch(accumulators.rows, states, called.state), _errors(errors)
        )

    @_answers
    def merge(
        self, function: int, accumulators: wit.Batch, groups: bytes, partials: wit.Batch
    ) -> wit.Batch:
        called = _function(function, Kind.AGGREGATE)
        states = called.merge(
            _taken(accumulators, called.state),
            accumulators.rows,
            groups,
            _taken(partials, called.state),
            partials.rows,
        )
        return _batch(accumulators.rows, states, called.state)

    @_answers
    def finish(self, function: int, accumulators: wit.Batch) -> wit.Batch:
        called = _function(function, Kind.AGGREGATE)
        results = called.finish(_taken(accumulators, called.state), accumulators.rows)
        return _batch(accumulators.rows, results, called.results.fields)

    @_answers
    def migrate(
        self, function: int, version: int, fields: list[wit.Field], accumulators: wit.Batch
    ) -> wit.Batch:
        return _migrated(_function(function, Kind.AGGREGATE), version, fields, accumulators)


class Holistic:
    @_answers
    def evaluate(
        self, function: int, count: int, groups: bytes, arguments: wit.Batch
    ) -> holistic.HolisticResult:
        called = _function(function, Kind.HOLISTIC)
        columns = _taken(arguments, called.parameters)
        results, errors = called.evaluate(_config, count, groups, columns, arguments.rows)
        return holistic.HolisticResult(_given(results, called.results.fields), _errors(errors))


class Process:
    @_answers
    def init(self, function: int, count: int) -> wit.Batch:
        called = _function(function, Kind.PROCESS)
        return _batch(count, called.states.new(count), called.state)

    @_answers
    def process(
        self, function: int, state: wit.Batch, keys: bytes, arguments: wit.Batch
    ) -> process.ProcessResult:
        called = _function(function, Kind.PROCESS)
        stored, results, parents, errors = called.process(
            _config,
            _taken(state, called.state),
            state.rows,
            keys,
            _taken(arguments, called.parameters),
            arguments.rows,
        )
        return process.ProcessResult(
            _batch(state.rows, stored, called.state),
            _given(results, called.results.fields),
            parents,
            _errors(errors),
        )

    @_answers
    def migrate(
        self, function: int, version: int, fields: list[wit.Field], states: wit.Batch
    ) -> wit.Batch:
        return _migrated(_function(function, Kind.PROCESS), version, fields, states)


def _migrated(
    called: Any, version: int, fields: list[wit.Field], stored: wit.Batch
) -> wit.Batch:
    old = tuple(
        Field(field.name, DataType(field.data_type.value), field.nullable) for field in fields
    )
    states = called.states.migrate(version, list(old), _taken(stored, old), stored.rows)
    return _batch(stored.rows, states, called.state)
