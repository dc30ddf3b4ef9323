// Every key in RocksDB, with encoder and decoder. Integers are big-endian, so that bytes sort like
// values.
//
//   log:    sequence (8)                                        -> commit record (log_record.hpp)
//   parts:  part (8) | chunk (4) | column (2) | page (2)        -> page (part_file.hpp)
//           part (8) | ff ff ff ff | section (2) | 00 00        -> directory, fences, Bloom filter
//               the part comes first: a part is one range, so one file, so one cheap deletion;
//               ids ascend, so that every new file lies behind all others and no file overlaps
//               another
//   meta:   'c' collection (8)                                  -> collection record
//   (collection_record.hpp)
//           'u' collection (8)                                  -> upper (8) of a derived
//           collection 's' name                                            -> format, clock,
//           catalog version
//   catalog, secrets, positions, intents:  as their owners say
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/collection_id.hpp"
#include "storage/staging.hpp"

namespace tailrace::storage {

std::string log_key(std::uint64_t sequence);
std::uint64_t decode_log_key(std::string_view key);  // XX001

struct PartKey {
  PartId part;
  std::uint32_t chunk = 0;
  std::uint16_t column = 0;
  std::uint16_t page = 0;
  friend auto operator<=>(const PartKey&, const PartKey&) = default;
};

// As a chunk's number: what concerns the whole part. The column then names the section.
inline constexpr std::uint32_t whole_part = 0xffffffff;
enum class PartSection : std::uint16_t { directory = 0, fences = 1, bloom_filter = 2 };
// As a column's number: what stands beside each row.
inline constexpr std::uint16_t times_column = 0xfffe;
inline constexpr std::uint16_t diffs_column = 0xffff;

std::string part_key(const PartKey& key);
PartKey decode_part_key(std::string_view key);  // XX001
std::string part_section_key(PartId part, PartSection section);
// [part_begin(p), part_begin(p + 1)) holds all of p.
std::string part_begin(PartId part);

std::string collection_key(CollectionId collection);
CollectionId decode_collection_key(std::string_view key);  // XX001
std::string upper_key(CollectionId collection);
inline constexpr std::string_view collection_keys_begin = "c";
inline constexpr std::string_view collection_keys_end = "d";
inline constexpr std::string_view format_key = "sformat";
inline constexpr std::string_view clock_ceiling_key = "sclock_ceiling";
inline constexpr std::string_view catalog_version_key = "scatalog_version";

}  // namespace tailrace::storage
