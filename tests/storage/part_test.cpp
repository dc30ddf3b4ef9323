// Parts: chunks and pages, bounds, filters, records, as they come back from bytes.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "repr/order.hpp"
#include "storage/bloom_filter.hpp"
#include "storage/chunk_bounds.hpp"
#include "storage/log_record.hpp"
#include "storage/part_file.hpp"
#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

TEST_CASE("a bloom filter never denies what it has and seldom confirms what it has not") {
  std::mt19937_64 random(3);
  std::vector<std::uint64_t> hashes(20000);
  for (auto& hash : hashes) hash = random();
  const auto filter = BloomFilter::decode(BloomFilter::of(hashes).encode());
  for (const auto hash : hashes) REQUIRE(filter.may_contain(hash));
  int wrong = 0;
  for (int i = 0; i < 20000; ++i) wrong += filter.may_contain(random()) ? 1 : 0;
  CHECK(wrong < 400);
  CHECK(!BloomFilter::of({}).may_contain(7));
}

TEST_CASE("pages survive compression, also what does not compress") {
  std::mt19937_64 random(4);
  std::string noise;
  for (int i = 0; i < 100000; ++i) noise.push_back(static_cast<char>(random()));
  std::string large_noise;
  while (large_noise.size() < (6 << 20)) large_noise += noise;
  std::ranges::shuffle(large_noise, random);
  PageWriter pages;
  for (const std::string& plain : {std::string(), std::string("x"), std::string(100000, 'a'), noise,
                                   large_noise, std::string(9 << 20, 'b'), std::string("end")}) {
    pages.begin() += plain;
    const std::string page(pages.finish());
    CHECK(decompress_page(page) == plain);
    CHECK(page.size() <= plain.size() + 9);
    CHECK_THROWS_AS(decompress_page(page.substr(0, page.size() / 2)), SqlError);
  }
}

TEST_CASE("bounds leave NULLs out, cut long texts and give up at NaN") {
  ColumnBuilder integers{Type(TypeId::int4)};
  integers.append_null();
  integers.append(std::int32_t{5});
  integers.append(std::int32_t{-3});
  integers.append_null();
  const ColumnPtr column = integers.finish();
  CHECK(bounds_of(*column, 0, 4).min == Value(std::int32_t{-3}));
  CHECK(bounds_of(*column, 0, 4).max == Value(std::int32_t{5}));
  CHECK(bounds_of(*column, 3, 1).only_nulls);

  ColumnBuilder texts{Type(TypeId::text)};
  texts.append_bytes(std::string(1000, 'b'));
  texts.append_bytes(std::string(1000, 'a'));
  const auto bounds = bounds_of(*texts.finish(), 0, 2);
  CHECK(bounds.min == Value(std::string(64, 'a')));
  CHECK(!bounds.max);

  ColumnBuilder floats{Type(TypeId::float8)};
  floats.append(1.0);
  floats.append(std::numeric_limits<double>::quiet_NaN());
  CHECK(!bounds_of(*floats.finish(), 0, 2).max);
}

TEST_CASE("a commit record comes back, and a changed byte is noticed") {
  std::string entries;
  encode_log_entry({.kind = LogEntry::Kind::delta,
                    .collection = CollectionId{7},
                    .delta = delta_of({{1, "one", 1}, {2, "two", -1}})},
                   entries);
  encode_log_entry({.kind = LogEntry::Kind::truncate, .collection = CollectionId{8}}, entries);
  encode_log_entry({.kind = LogEntry::Kind::append,
                    .collection = CollectionId{9},
                    .delta = delta_of({{3, "three", 1, 55}}),
                    .lower = 50,
                    .upper = 60},
                   entries);
  encode_log_entry({.kind = LogEntry::Kind::part,
                    .collection = CollectionId{7},
                    .part = PartId{12},
                    .sign = -1,
                    .part_of_errors = true},
                   entries);
  std::string bytes = encode_log_record(42, entries);
  const LogRecord record = decode_log_record(bytes);
  CHECK(record.time == 42);
  REQUIRE(record.entries.size() == 4);
  CHECK(rows_of(*record.entries[0].delta.rows[0])[1].diff == -1);
  CHECK(record.entries[1].collection == CollectionId{8});
  CHECK(record.entries[2].upper == 60);
  CHECK(rows_of(*record.entries[2].delta.rows[0])[0].time == 55);
  CHECK(record.entries[3].sign == -1);
  CHECK(record.entries[3].part_of_errors);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= 1;
    CHECK_THROWS_AS(decode_log_record(bytes), SqlError);
    bytes[i] ^= 1;
  }
}

}  // namespace tailrace::storage::testing
