// Look-ups: all versions of the wanted keys, from parts and tail, as of a time.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "repr/order.hpp"
#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

namespace {

Batch keys_of(const std::vector<std::int64_t>& keys) {
  std::vector<Row> rows;
  for (const auto key : keys) rows.push_back({key, ""});
  return batch_of(rows).project(std::vector<int>{0});
}

// (number of the key, value) -> multiplicity
Contents found_in(const Batch& batch) {
  Contents found;
  for (std::size_t i = 0; i < batch.rows; ++i) {
    found[{batch.columns[0]->values<std::int32_t>()[i], std::string(batch.columns[2]->bytes(i))}] +=
        batch.diffs[i];
  }
  std::erase_if(found, [](const auto& entry) { return entry.second == 0; });
  return found;
}

}  // namespace

TEST_CASE("a look-up finds keys in parts and tail, as of its time") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 1'000'000);
  std::vector<Row> rows;
  for (int i = 0; i < 30'000; ++i) rows.push_back({i * 2, "v" + std::to_string(i)});
  const Timestamp first = fixture.commit(write(a, rows));
  fixture.store().compact_now(a);
  fixture.wall += 10;
  const Timestamp second = fixture.commit(write(a, {{10, "v5", -1}, {10, "new"}, {11, "odd"}}));
  const Batch keys = keys_of({-1, 0, 10, 11, 8192, 59'998, 60'000});
  CHECK(found_in(fixture.store().lookup(a, keys, first)) ==
        Contents{{{1, "v0"}, 1}, {{2, "v5"}, 1}, {{4, "v4096"}, 1}, {{5, "v29999"}, 1}});
  CHECK(
      found_in(fixture.store().lookup(a, keys, second)) ==
      Contents{
          {{1, "v0"}, 1}, {{2, "new"}, 1}, {{3, "odd"}, 1}, {{4, "v4096"}, 1}, {{5, "v29999"}, 1}});
  CHECK(fixture.store().lookup(a, keys_of({}), second).rows == 0);
}

TEST_CASE("look-ups agree with scans, whatever the shape of the store") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  std::mt19937_64 random(5);
  Contents model;
  for (int round = 0; round < 12; ++round) {
    std::vector<Row> rows;
    for (int i = 0; i < 3000; ++i) {
      const auto key = static_cast<std::int64_t>(random() % 5000);
      const Row row{key, "v" + std::to_string(random() % 3), random() % 3 == 0 ? -1 : 1};
      model[{row.key, row.value}] += row.diff;
      rows.push_back(row);
    }
    fixture.commit(write(a, rows));
    if (round % 4 == 2) fixture.store().compact_now(a);
    std::vector<std::int64_t> keys;
    for (int i = 0; i < 5000; i += 1 + static_cast<int>(random() % 20)) keys.push_back(i);
    Contents expected;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      for (int value = 0; value < 3; ++value) {
        const std::string text = "v" + std::to_string(value);
        if (const auto found = model.find({keys[i], text});
            found != model.end() && found->second != 0) {
          expected[{static_cast<std::int64_t>(i), text}] = found->second;
        }
      }
    }
    CHECK(found_in(fixture.store().lookup(a, keys_of(keys), fixture.store().latest_time())) ==
          expected);
  }
}

TEST_CASE("without a key a look-up asks for whole rows, also with long values that begin alike") {
  Fixture fixture;
  CommitRequest create;
  const CollectionId a{77};
  CollectionDescription description;
  description.schema.columns = {{"value", TypeId::text, true}};
  description.retention_ms = 0;
  create.create.emplace_back(a, description);
  fixture.commit(std::move(create));
  const std::vector<Type> types{TypeId::text};
  const std::string prefix(100'000, 'p');
  BatchBuilder rows(types);
  for (int i = 0; i < 200; ++i) {
    rows.column(0).append_bytes(prefix + std::to_string(1000 + i));
    rows.end_row(0, 1);
  }
  rows.column(0).append_null();
  rows.end_row(0, 1);
  auto writer = fixture.store().stage(a);
  writer->write(rows.finish());
  CommitRequest naming;
  naming.parts = writer->finish();
  fixture.commit(std::move(naming));
  BatchBuilder keys(types);
  for (const char* suffix : {"1000", "1050", "1050x", "1199"}) {
    keys.column(0).append_bytes(prefix + suffix);
    keys.end_row(0, 1);
  }
  keys.column(0).append_null();
  keys.end_row(0, 1);
  const Batch found = fixture.store().lookup(a, keys.finish(), fixture.store().latest_time());
  std::vector<std::int32_t> numbers;
  for (std::size_t i = 0; i < found.rows; ++i)
    numbers.push_back(found.columns[0]->values<std::int32_t>()[i]);
  std::ranges::sort(numbers);
  CHECK(numbers == std::vector<std::int32_t>{0, 1, 3, 4});
}

}  // namespace tailrace::storage::testing
