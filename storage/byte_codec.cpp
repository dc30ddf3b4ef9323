#include "storage/byte_codec.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "repr/error.hpp"

namespace tailrace::storage {

static_assert(std::endian::native == std::endian::little, "formats on disk are little-endian");

namespace {

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T get(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

void put_u8(std::string& out, std::uint8_t value) {
  put(out, value);
}
void put_u32(std::string& out, std::uint32_t value) {
  put(out, value);
}
void put_u64(std::string& out, std::uint64_t value) {
  put(out, value);
}
void put_bytes(std::string& out, std::string_view bytes) {
  put_u64(out, bytes.size());
  out.append(bytes);
}

std::uint8_t ByteReader::u8() {
  return get<std::uint8_t>(take(1));
}
std::uint32_t ByteReader::u32() {
  return get<std::uint32_t>(take(4));
}
std::uint64_t ByteReader::u64() {
  return get<std::uint64_t>(take(8));
}
std::string_view ByteReader::bytes() {
  const std::uint64_t size = u64();
  return take(size);
}

void ByteReader::corrupt(std::string_view why) const {
  throw SqlError(sqlstate::data_corrupted, fmt::format("stored {} is corrupt: {}", what_, why));
}

std::string_view ByteReader::take(std::size_t size) {
  if (size > rest.size()) corrupt("it ends early");
  const std::string_view taken = rest.substr(0, size);
  rest.remove_prefix(size);
  return taken;
}

}  // namespace tailrace::storage
