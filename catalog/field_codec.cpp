#include "catalog/field_codec.hpp"

#include "repr/batch_codec.hpp"
#include "repr/error.hpp"

namespace tailrace::catalog {

namespace {

[[noreturn]] void truncated() {
  throw SqlError(sqlstate::data_corrupted, "a catalog record ends before its last field");
}

}  // namespace

void FieldWriter::put(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_ += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  bytes_ += static_cast<char>(value);
}

void FieldWriter::put(std::string_view text) {
  put(static_cast<std::uint64_t>(text.size()));
  bytes_ += text;
}

void FieldWriter::put(const Type& type) {
  std::string encoded;
  encode_type(type, encoded);
  put(std::string_view(encoded));
}

void FieldWriter::put_map(const std::map<std::string, std::string>& map) {
  put(static_cast<std::uint64_t>(map.size()));
  for (const auto& [key, value] : map) {
    put(std::string_view(key));
    put(std::string_view(value));
  }
}

std::uint64_t FieldReader::number() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) truncated();
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  truncated();
}

std::string FieldReader::text() {
  const std::uint64_t size = number();
  if (size > rest_.size()) truncated();
  std::string text(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return text;
}

Type FieldReader::type() {
  const std::string encoded = text();
  std::string_view bytes = encoded;
  return decode_type(bytes);
}

std::map<std::string, std::string> FieldReader::map() {
  std::map<std::string, std::string> map;
  for (std::uint64_t left = number(); left > 0; --left) {
    std::string key = text();
    map.emplace(std::move(key), text());
  }
  return map;
}

}  // namespace tailrace::catalog
