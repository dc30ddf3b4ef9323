#include "storage/keys.hpp"

#include <fmt/format.h>

#include "repr/error.hpp"

namespace tailrace::storage {

namespace {

template <class T>
void put_big_endian(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof(T) - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
  }
}

template <class T>
T get_big_endian(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  bytes.remove_prefix(sizeof(T));
  return static_cast<T>(value);
}

void check_size(std::string_view key, std::size_t size, std::string_view what) {
  if (key.size() == size) return;
  throw SqlError(sqlstate::data_corrupted,
                 fmt::format("a key of {} has {} bytes instead of {}", what, key.size(), size));
}

}  // namespace

std::string log_key(std::uint64_t sequence) {
  std::string key;
  put_big_endian(key, sequence);
  return key;
}

std::uint64_t decode_log_key(std::string_view key) {
  check_size(key, 8, "the log");
  return get_big_endian<std::uint64_t>(key);
}

std::string part_key(const PartKey& key) {
  std::string bytes;
  bytes.reserve(16);
  put_big_endian(bytes, key.part.value);
  put_big_endian(bytes, key.chunk);
  put_big_endian(bytes, key.column);
  put_big_endian(bytes, key.page);
  return bytes;
}

PartKey decode_part_key(std::string_view bytes) {
  check_size(bytes, 16, "a part");
  PartKey key;
  key.part = PartId{get_big_endian<std::uint64_t>(bytes)};
  key.chunk = get_big_endian<std::uint32_t>(bytes);
  key.column = get_big_endian<std::uint16_t>(bytes);
  key.page = get_big_endian<std::uint16_t>(bytes);
  return key;
}

std::string part_section_key(PartId part, PartSection section) {
  return part_key(
      {.part = part, .chunk = whole_part, .column = static_cast<std::uint16_t>(section)});
}

std::string part_begin(PartId part) {
  return part_key({.part = part});
}

std::string collection_key(CollectionId collection) {
  std::string key("c");
  put_big_endian(key, collection.value);
  return key;
}

std::string upper_key(CollectionId collection) {
  std::string key("u");
  put_big_endian(key, collection.value);
  return key;
}

CollectionId decode_collection_key(std::string_view key) {
  check_size(key, 9, "a collection");
  key.remove_prefix(1);
  return CollectionId{get_big_endian<std::uint64_t>(key)};
}

}  // namespace tailrace::storage
