// Little-endian integers and length-prefixed strings, both ways: the alphabet of our records on
// disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace::storage {

void put_u8(std::string& out, std::uint8_t value);
void put_u32(std::string& out, std::uint32_t value);
void put_u64(std::string& out, std::uint64_t value);
void put_bytes(std::string& out, std::string_view bytes);  // u64 length, then the bytes

// Reads from the front of `rest`. Throws SqlError XX001 naming `what` where bytes are missing.
class ByteReader {
 public:
  ByteReader(std::string_view bytes, std::string_view what) : rest(bytes), what_(what) {}

  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  std::string_view bytes();
  bool empty() const { return rest.empty(); }
  [[noreturn]] void corrupt(std::string_view why) const;

  std::string_view rest;  // decoders of batches and types consume from here

 private:
  std::string_view take(std::size_t size);

  std::string_view what_;
};

}  // namespace tailrace::storage
