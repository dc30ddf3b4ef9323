#include "repr/order.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "repr/nested.hpp"

using namespace tailrace;

namespace {

Batch batch_of(std::vector<ColumnPtr> columns) {
  Batch batch;
  batch.rows = columns.front()->size();
  batch.columns = std::move(columns);
  return batch;
}

ColumnPtr column_of(Type type, std::vector<Value> values) {
  ColumnBuilder builder(std::move(type));
  for (const Value& value : values) builder.append_value(value);
  return builder.finish();
}

std::vector<std::uint64_t> hashes(const Batch& batch, Equality equality) {
  std::vector<int> columns(batch.columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<int>(i);
  std::vector<std::uint64_t> out;
  hash_rows(batch, columns, equality, out);
  return out;
}

// A random column that mixes duplicates, nulls and long strings.
ColumnPtr random_column(const Type& type, std::size_t rows, std::mt19937_64& random) {
  ColumnBuilder builder(type);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint64_t dice = random();
    if (dice % 11 == 0) {
      builder.append_null();
      continue;
    }
    switch (type.id()) {
      case TypeId::int2:
        builder.append(static_cast<std::int16_t>(dice >> 8));
        break;
      case TypeId::int8:
        builder.append(static_cast<std::int64_t>(dice % 3 == 0 ? dice : dice % 17));
        break;
      case TypeId::float8: {
        const double values[] = {0.0, -0.0, NAN, 1.5, -1.5, INFINITY, -INFINITY, 1e300};
        builder.append(values[dice % 8]);
        break;
      }
      case TypeId::numeric:
        builder.append(Numeric::from_scaled(static_cast<std::int64_t>(dice % 1000),
                                            static_cast<int>(dice / 1000 % 4)));
        break;
      case TypeId::bpchar:
      case TypeId::text:
        builder.append_bytes(std::string(dice % 3 == 0 ? "common prefix " : "") +
                             std::string(dice / 3 % 4, static_cast<char>('a' + dice / 12 % 2)) +
                             std::string(dice / 24 % 2, ' '));
        break;
      case TypeId::interval:
        builder.append(Interval{static_cast<std::int32_t>(dice % 3) - 1,
                                static_cast<std::int32_t>(dice / 3 % 2), 5});
        break;
      default: {
        Uuid uuid;
        uuid.bytes[dice % 16] = 1;
        builder.append(uuid);
      }
    }
  }
  return builder.finish();
}

}  // namespace

TEST_CASE("SQL equality forgives what identity does not") {
  const Batch floats =
      batch_of({column_of(TypeId::float8, {0.0, -0.0, std::nan(""), -std::nan("")})});
  CHECK(!equal_values(*floats.columns[0], 0, *floats.columns[0], 1, Equality::identity));
  CHECK(equal_values(*floats.columns[0], 0, *floats.columns[0], 1, Equality::sql));
  CHECK(equal_values(*floats.columns[0], 2, *floats.columns[0], 3, Equality::identity));
  CHECK(hashes(floats, Equality::sql)[0] == hashes(floats, Equality::sql)[1]);
  CHECK(hashes(floats, Equality::identity)[0] != hashes(floats, Equality::identity)[1]);

  const Batch chars = batch_of({column_of(TypeId::bpchar, {std::string("a"), std::string("a  ")})});
  CHECK(equal_values(*chars.columns[0], 0, *chars.columns[0], 1, Equality::sql));
  CHECK(!equal_values(*chars.columns[0], 0, *chars.columns[0], 1, Equality::identity));
  CHECK(hashes(chars, Equality::sql)[0] == hashes(chars, Equality::sql)[1]);

  const Type type = Type::array_of(TypeId::float8);
  const auto array = [&](double value) { return encode_array(type, {{{1, 1}}, {value}}); };
  const Batch arrays = batch_of({column_of(type, {array(0.0), array(-0.0)})});
  CHECK(equal_values(*arrays.columns[0], 0, *arrays.columns[0], 1, Equality::sql));
  CHECK(!equal_values(*arrays.columns[0], 0, *arrays.columns[0], 1, Equality::identity));
  CHECK(hashes(arrays, Equality::sql)[0] == hashes(arrays, Equality::sql)[1]);
}

TEST_CASE("a single value hashes as it does in a column") {
  const std::pair<Type, Value> values[] = {{TypeId::int4, std::int32_t{-3}},
                                           {TypeId::text, std::string("x")},
                                           {TypeId::float8, -0.0},
                                           {TypeId::numeric, Numeric::parse("1.5")},
                                           {TypeId::bpchar, std::string("b ")},
                                           {TypeId::text, Null{}},
                                           {TypeId::interval, Interval{1, 2, 3}}};
  for (const auto& [type, value] : values) {
    for (Equality equality : {Equality::identity, Equality::sql}) {
      CHECK(hashes(batch_of({column_of(type, {value})}), equality)[0] ==
            hash_value(type, value, equality));
    }
  }
}

TEST_CASE("sorting agrees with comparing, for every layout and direction") {
  std::mt19937_64 random(7);
  const Type types[] = {TypeId::int2, TypeId::int8, TypeId::float8,   TypeId::numeric,
                        TypeId::text, TypeId::uuid, TypeId::interval, TypeId::bpchar};
  for (std::size_t rows : {1UL, 100UL, 2000UL}) {
    for (const Type& first : types) {
      const Batch batch = batch_of({random_column(first, rows, random),
                                    random_column(types[random() % std::size(types)], rows, random),
                                    random_column(TypeId::int8, rows, random)});
      const int all[] = {0, 1, 2};
      const auto by_identity = sort_rows_by_identity(batch, all);
      for (std::size_t i = 1; i < rows; ++i) {
        const int order = compare_rows(batch, by_identity[i - 1], all, batch, by_identity[i], all,
                                       Equality::identity);
        REQUIRE((order < 0 || (order == 0 && by_identity[i - 1] < by_identity[i])));
      }
      for (int variant = 0; variant < 4; ++variant) {
        const OrderKey keys[] = {{0, variant % 2 == 1, variant >= 2},
                                 {1, variant < 2, variant % 2 == 0}};
        const auto sorted = sort_rows(batch, keys);
        for (std::size_t i = 1; i < rows; ++i) {
          const int order = compare_ordered(batch, sorted[i - 1], batch, sorted[i], keys);
          REQUIRE((order < 0 || (order == 0 && sorted[i - 1] < sorted[i])));
        }
      }
    }
  }
}

TEST_CASE("rows that come in order are sorted by as many columns as it takes") {
  for (const bool has_tie : {false, true}) {
    ColumnBuilder first(TypeId::int4);
    ColumnBuilder second(TypeId::bpchar);
    for (int i = 0; i < 1000; ++i) {
      first.append(std::int32_t{has_tie && i == 700 ? 699 : i});
      second.append_bytes(i == 699 ? "b" + std::string(i % 20, ' ') : "a");
    }
    const Batch batch = batch_of({first.finish(), second.finish()});
    const int all[] = {0, 1};
    auto expected = std::vector<std::uint32_t>(1000);
    std::iota(expected.begin(), expected.end(), 0U);
    if (has_tie) std::swap(expected[699], expected[700]);
    CHECK(sort_rows_by_identity(batch, all) == expected);
  }
}

TEST_CASE("strings sort however late they differ") {
  std::mt19937_64 random(3);
  ColumnBuilder builder(TypeId::bytea);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes(random() % 40, 'a');
    if (random() % 3 == 0) bytes += std::string(random() % 12, '\0');
    if (random() % 3 == 0) bytes += static_cast<char>('a' + random() % 3);
    if (random() % 50 == 0) {
      builder.append_null();
    } else {
      builder.append_bytes("what all of them begin with " + bytes);
    }
  }
  const Batch batch = batch_of({builder.finish(), random_column(TypeId::interval, 3000, random)});
  for (bool descending : {false, true}) {
    const OrderKey keys[] = {{0, descending, descending}, {1, !descending, false}};
    const auto sorted = sort_rows(batch, keys);
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      const int order = compare_ordered(batch, sorted[i - 1], batch, sorted[i], keys);
      REQUIRE((order < 0 || (order == 0 && sorted[i - 1] < sorted[i])));
    }
  }
}

TEST_CASE("consolidate sums the diffs of equal updates and drops zeros") {
  const Type types[] = {TypeId::int8, TypeId::text};
  BatchBuilder builder(types);
  const auto add = [&](std::int64_t key, const char* text, Timestamp time, Diff diff) {
    const Value row[] = {key, std::string(text)};
    builder.append_row(row, time, diff);
  };
  add(2, "b", 5, 1);
  add(1, "a", 9, 1);
  add(2, "b", 5, 2);
  add(1, "a", 3, 1);
  add(3, "c", 4, 1);
  add(3, "c", 4, -1);
  const Batch batch = builder.finish();
  const Batch exact = consolidate(batch);
  REQUIRE(exact.rows == 3);
  CHECK(exact.columns[0]->values<std::int64_t>()[0] == 1);
  CHECK(exact.times[0] == 3);
  CHECK(exact.times[1] == 9);
  CHECK(exact.diffs[2] == 3);
  const Batch advanced = consolidate(batch, 9);
  REQUIRE(advanced.rows == 2);
  CHECK(advanced.times[0] == 9);
  CHECK(advanced.diffs[0] == 2);
  CHECK(consolidate(exact).columns[0] == exact.columns[0]);  // already consolidated: no copy
}

TEST_CASE("consolidate cancels a batch against its negation") {
  std::mt19937_64 random(11);
  const Batch batch = batch_of(
      {random_column(TypeId::text, 3000, random), random_column(TypeId::numeric, 3000, random)});
  const Batch both[] = {batch, batch.negated()};
  CHECK(consolidate(concatenate(both)).rows == 0);
  Diff total = 0;
  const Batch sums = consolidate(batch);
  for (std::size_t row = 0; row < sums.rows; ++row) total += sums.diffs[row];
  CHECK(total == 3000);
}
