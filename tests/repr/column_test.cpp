#include "repr/column.hpp"

#include <doctest/doctest.h>

#include "repr/batch.hpp"

using namespace tailrace;

namespace {

ColumnPtr texts(std::initializer_list<const char*> values) {
  ColumnBuilder builder(TypeId::text);
  for (const char* value : values) {
    if (value) {
      builder.append_bytes(value);
    } else {
      builder.append_null();
    }
  }
  return builder.finish();
}

Numeric n(std::string_view text) {
  return Numeric::parse(text);
}

}  // namespace

TEST_CASE("a column keeps values and nulls across word borders") {
  ColumnBuilder builder(TypeId::int4);
  for (int i = 0; i < 200; ++i) {
    if (i % 67 == 0 && i > 0) {
      builder.append_null();
    } else {
      builder.append(std::int32_t{i});
    }
  }
  const ColumnPtr column = builder.finish();
  CHECK(builder.size() == 0);
  REQUIRE(column->size() == 200);
  CHECK(column->validity().size() == 4);
  for (std::size_t i = 0; i < 200; ++i) CHECK(column->is_null(i) == (i % 67 == 0 && i > 0));

  const ColumnPtr part = slice(column, 60, 100);
  for (std::size_t i = 0; i < 100; ++i) CHECK(part->value(i) == column->value(60 + i));
  CHECK(!slice(column, 1, 60)->has_nulls());

  const ColumnPtr parts[] = {part, column, slice(column, 0, 3)};
  const ColumnPtr whole = concatenate(parts);
  REQUIRE(whole->size() == 303);
  for (std::size_t i = 0; i < 100; ++i) CHECK(whole->value(i) == column->value(60 + i));
  for (std::size_t i = 0; i < 200; ++i) CHECK(whole->value(100 + i) == column->value(i));
}

TEST_CASE("gather of bytes picks rows in the order asked for") {
  const ColumnPtr column = texts({"a", nullptr, "", "long enough to matter"});
  const std::uint32_t rows[] = {3, 1, 0, 0, 2};
  const ColumnPtr picked = gather(column, rows);
  CHECK(picked->bytes(0) == "long enough to matter");
  CHECK(picked->is_null(1));
  CHECK(picked->bytes(3) == "a");
  CHECK(picked->value(4) == Value(std::string()));
}

TEST_CASE("numeric columns widen only as far as their values need") {
  ColumnBuilder builder(TypeId::numeric);
  builder.append_null();
  builder.append(n("1.5"));
  builder.append(n("2.25"));
  ColumnPtr column = builder.finish();
  CHECK(column->layout() == Layout::decimal64);
  CHECK(column->decimal_scale() == 2);
  CHECK(column->numeric(1) == n("1.5"));

  builder.append(n("0.001"));
  builder.append(n("12345678901234567890"));
  builder.append_null();
  column = builder.finish();
  CHECK(column->layout() == Layout::decimal128);
  CHECK(column->numeric(0) == n("0.001"));
  CHECK(column->numeric(1) == n("12345678901234567890"));

  builder.append_decimal(5, 1);
  builder.append_null();
  builder.append(Numeric::nan());
  builder.append(n("9e38"));
  column = builder.finish();
  CHECK(column->layout() == Layout::numeric);
  CHECK(column->numeric(0) == n("0.5"));
  CHECK(column->is_null(1));
  CHECK(column->numeric(2).is_nan());

  ColumnBuilder money(Type::numeric(12, 2));
  money.append(n("7"));
  CHECK(money.finish()->decimal_scale() == 2);
}

TEST_CASE("numeric columns of different layouts concatenate by value") {
  ColumnBuilder builder(TypeId::numeric);
  builder.append(n("1.5"));
  const ColumnPtr narrow = builder.finish();
  builder.append(n("123456789012345678901.25"));
  const ColumnPtr wide = builder.finish();
  const ColumnPtr both[] = {narrow, wide, narrow};
  const ColumnPtr all = concatenate(both);
  CHECK(all->numeric(0) == n("1.5"));
  CHECK(all->numeric(1) == n("123456789012345678901.25"));
  CHECK(all->numeric(2) == n("1.5"));
}

TEST_CASE("a batch keeps a uniform time and diff once") {
  const Type types[] = {TypeId::int8, TypeId::text};
  BatchBuilder builder(types);
  for (std::int64_t i = 0; i < 3; ++i) {
    const Value row[] = {i, std::string("x")};
    builder.append_row(row, 7, 1);
  }
  const Batch batch = builder.finish();
  CHECK(batch.times.is_uniform());
  CHECK(batch.negated().diffs.uniform_value() == -1);
  const Batch later[] = {batch, batch.with_time(8)};
  const Batch both = concatenate(later);
  CHECK(both.rows == 6);
  CHECK(both.times[2] == 7);
  CHECK(both.times[3] == 8);
  CHECK(both.diffs.is_uniform());
  CHECK(slice(both, 3, 3).times.is_uniform());
  CHECK(concatenate(std::span<const Batch>()).columns.empty());
}
