#include "storage/page.hpp"

#include <lz4.h>

#include <cstring>

#include "storage/byte_codec.hpp"

namespace tailrace::storage {
namespace {

constexpr std::uint8_t codec_plain = 0;
constexpr std::uint8_t codec_lz4 = 1;
constexpr std::size_t header_bytes = 1 + 8;
// Buffers of larger pages are not kept for the next one.
constexpr std::size_t kept_bytes_max = 4 << 20;

void put_header(char* at, std::uint8_t codec, std::size_t plain_bytes) {
  std::string header;
  put_u8(header, codec);
  put_u64(header, plain_bytes);
  std::memcpy(at, header.data(), header_bytes);
}

}  // namespace

std::string& PageWriter::begin() {
  if (framed_.capacity() > kept_bytes_max) framed_ = {};
  if (compressed_bytes_ > kept_bytes_max) drop_compressed();
  framed_.assign(header_bytes, '\0');
  return framed_;
}

std::string_view PageWriter::finish() {
  const std::size_t plain_bytes = framed_.size() - header_bytes;
  if (plain_bytes <= static_cast<std::size_t>(LZ4_MAX_INPUT_SIZE)) {
    const auto bound = static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(plain_bytes)));
    if (compressed_bytes_ < header_bytes + bound) {
      compressed_bytes_ = header_bytes + bound;
      compressed_ = std::make_unique_for_overwrite<char[]>(compressed_bytes_);
    }
    const auto size = static_cast<std::size_t>(
        LZ4_compress_default(framed_.data() + header_bytes, compressed_.get() + header_bytes,
                             static_cast<int>(plain_bytes), static_cast<int>(bound)));
    if (size < plain_bytes) {
      put_header(compressed_.get(), codec_lz4, plain_bytes);
      return {compressed_.get(), header_bytes + size};
    }
  }
  if (compressed_bytes_ > kept_bytes_max) drop_compressed();
  put_header(framed_.data(), codec_plain, plain_bytes);
  return framed_;
}

void PageWriter::drop_compressed() {
  compressed_.reset();
  compressed_bytes_ = 0;
}

std::string decompress_page(std::string_view page) {
  ByteReader in(page, "page");
  const std::uint8_t codec = in.u8();
  const std::uint64_t size = in.u64();
  if (codec == codec_plain) {
    if (in.rest.size() != size) in.corrupt("its size is wrong");
    return std::string(in.rest);
  }
  if (codec != codec_lz4) in.corrupt("its codec is unknown");
  if (size > static_cast<std::uint64_t>(LZ4_MAX_INPUT_SIZE)) in.corrupt("its size is wrong");
  std::string plain(size, '\0');
  const int got = LZ4_decompress_safe(in.rest.data(), plain.data(),
                                      static_cast<int>(in.rest.size()), static_cast<int>(size));
  if (got < 0 || static_cast<std::uint64_t>(got) != size) in.corrupt("it does not decompress");
  return plain;
}

}  // namespace tailrace::storage
