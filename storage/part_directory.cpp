#include "storage/part_directory.hpp"

#include <algorithm>
#include <numeric>

#include "repr/batch_codec.hpp"
#include "storage/byte_codec.hpp"

namespace tailrace::storage {

namespace {

constexpr std::uint8_t directory_version = 1;

}  // namespace

std::vector<int> sort_columns_of(const std::vector<int>& key, std::size_t width) {
  if (!key.empty()) return key;
  std::vector<int> all(width);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<int> full_order_of(const std::vector<int>& key, std::size_t width) {
  std::vector<int> order = key;
  for (std::size_t column = 0; column < width; ++column) {
    if (std::ranges::find(key, static_cast<int>(column)) == key.end()) {
      order.push_back(static_cast<int>(column));
    }
  }
  return order;
}

std::string PartDirectory::encode() const {
  std::string out;
  put_u8(out, directory_version);
  put_u64(out, collection.value);
  put_u8(out, errors ? 1 : 0);
  put_u32(out, static_cast<std::uint32_t>(types.size()));
  for (const Type& type : types) encode_type(type, out);
  put_u32(out, static_cast<std::uint32_t>(key.size()));
  for (const int column : key) put_u32(out, static_cast<std::uint32_t>(column));
  put_u32(out, page_rows);
  put_u32(out, static_cast<std::uint32_t>(chunks.size()));
  for (const PartChunkInfo& chunk : chunks) {
    put_u32(out, chunk.rows);
    put_u64(out, chunk.min_time);
    put_u64(out, chunk.max_time);
    put_u64(out, static_cast<std::uint64_t>(chunk.min_diff));
    put_u64(out, static_cast<std::uint64_t>(chunk.max_diff));
  }
  for (const auto& flags : only_nulls) {
    for (const bool flag : flags) put_u8(out, flag ? 1 : 0);
  }
  for (const auto& column : minima) encode_column(*column, out);
  for (const auto& column : maxima) encode_column(*column, out);
  return out;
}

PartDirectory PartDirectory::decode(std::string_view bytes) {
  ByteReader in(bytes, "part directory");
  if (in.u8() != directory_version) in.corrupt("its version is unknown");
  PartDirectory directory;
  directory.collection = CollectionId{in.u64()};
  directory.errors = in.u8() != 0;
  const std::uint32_t width = in.u32();
  for (std::uint32_t i = 0; i < width; ++i) directory.types.push_back(decode_type(in.rest));
  const std::uint32_t key_width = in.u32();
  for (std::uint32_t i = 0; i < key_width; ++i) {
    directory.key.push_back(static_cast<int>(in.u32()));
    if (directory.key.back() >= static_cast<int>(width)) in.corrupt("a key column is out of range");
  }
  directory.page_rows = in.u32();
  if (directory.page_rows == 0) in.corrupt("its pages have no rows");
  const std::uint32_t chunk_count = in.u32();
  for (std::uint32_t i = 0; i < chunk_count; ++i) {
    PartChunkInfo chunk;
    chunk.rows = in.u32();
    chunk.min_time = in.u64();
    chunk.max_time = in.u64();
    chunk.min_diff = static_cast<Diff>(in.u64());
    chunk.max_diff = static_cast<Diff>(in.u64());
    directory.chunks.push_back(chunk);
  }
  for (std::uint32_t i = 0; i < width; ++i) {
    auto& flags = directory.only_nulls.emplace_back(chunk_count);
    for (std::uint32_t j = 0; j < chunk_count; ++j) flags[j] = in.u8() != 0;
  }
  auto decode_bounds = [&](std::vector<ColumnPtr>& columns) {
    for (const Type& type : directory.types) {
      columns.push_back(decode_column(type, in.rest));
      if (columns.back()->size() != chunk_count) in.corrupt("it lacks bounds");
    }
  };
  decode_bounds(directory.minima);
  decode_bounds(directory.maxima);
  return directory;
}

std::string PartFences::encode() const {
  std::string out;
  put_u32(out, static_cast<std::uint32_t>(chunks.size()));
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    put_u32(out, chunks[i]);
    put_u32(out, pages[i]);
    put_u8(out, cut[i] ? 1 : 0);
  }
  encode_batch(first_keys, out);
  return out;
}

PartFences PartFences::decode(std::string_view bytes) {
  ByteReader in(bytes, "part fences");
  PartFences fences;
  const std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; i < count; ++i) {
    fences.chunks.push_back(in.u32());
    fences.pages.push_back(in.u32());
    fences.cut.push_back(in.u8() != 0);
  }
  fences.first_keys = decode_batch(in.rest);
  if (fences.first_keys.rows != count) in.corrupt("it lacks keys");
  return fences;
}

}  // namespace tailrace::storage
