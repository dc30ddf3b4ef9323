// Keys in RocksDB: what is encoded comes back, and bytes sort like values.
#include "storage/keys.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "repr/error.hpp"

namespace tailrace::storage {

namespace {

// Small numbers, powers of two and their neighbours: where byte order would show.
std::uint64_t interesting(std::mt19937_64& random) {
  const std::uint64_t power = std::uint64_t{1} << (random() % 64);
  switch (random() % 4) {
    case 0:
      return random() % 4;
    case 1:
      return power;
    case 2:
      return power - 1;
    default:
      return random();
  }
}

}  // namespace

TEST_CASE("part keys decode to what they encode and sort like it") {
  std::mt19937_64 random(1);
  std::vector<PartKey> keys;
  for (int i = 0; i < 2000; ++i) {
    keys.push_back({.part = PartId{interesting(random)},
                    .chunk = static_cast<std::uint32_t>(interesting(random)),
                    .column = static_cast<std::uint16_t>(interesting(random)),
                    .page = static_cast<std::uint16_t>(interesting(random))});
    CHECK(decode_part_key(part_key(keys.back())) == keys.back());
  }
  std::vector<std::string> bytes;
  for (const auto& key : keys) bytes.push_back(part_key(key));
  std::ranges::sort(keys);
  std::ranges::sort(bytes);
  for (std::size_t i = 0; i < keys.size(); ++i) CHECK(decode_part_key(bytes[i]) == keys[i]);
}

TEST_CASE("all of a part lies between its begin and the next part's") {
  for (const PartId part : {PartId{0}, PartId{255}, PartId{256}, PartId{1}}) {
    const std::string end = part_begin(PartId{part.value + 1});
    CHECK(part_begin(part) <= part_key({.part = part}));
    CHECK(part_section_key(part, PartSection::bloom_filter) < end);
    CHECK(
        part_key({.part = part, .chunk = whole_part - 1, .column = diffs_column, .page = 0xffff}) <
        part_section_key(part, PartSection::directory));
  }
}

TEST_CASE("log and collection keys sort like their numbers") {
  std::mt19937_64 random(2);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t a = interesting(random);
    const std::uint64_t b = interesting(random);
    CHECK((log_key(a) < log_key(b)) == (a < b));
    CHECK(decode_log_key(log_key(a)) == a);
    CHECK((collection_key(CollectionId{a}) < collection_key(CollectionId{b})) == (a < b));
    CHECK(decode_collection_key(collection_key(CollectionId{a})) == CollectionId{a});
    CHECK(collection_key(CollectionId{a}) >= collection_keys_begin);
    CHECK(collection_key(CollectionId{a}) < collection_keys_end);
  }
}

TEST_CASE("a key of a wrong size is corruption, not a crash") {
  CHECK_THROWS_AS(decode_part_key("short"), SqlError);
  CHECK_THROWS_AS(decode_log_key(""), SqlError);
  CHECK_THROWS_AS(decode_collection_key("c12"), SqlError);
}

}  // namespace tailrace::storage
