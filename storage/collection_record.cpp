#include "storage/collection_record.hpp"

#include <xxhash.h>

#include <unordered_map>

#include "repr/batch_codec.hpp"
#include "storage/byte_codec.hpp"

namespace tailrace::storage {

namespace {

constexpr std::uint8_t record_version = 1;

void encode_part(const PartInfo& part, std::string& out) {
  put_u64(out, part.part.value);
  put_u8(out, part.errors ? 1 : 0);
  put_u64(out, part.rows);
  put_u64(out, part.bytes);
  put_u64(out, part.min_time);
  put_u64(out, part.max_time);
  put_u64(out, static_cast<std::uint64_t>(part.diff_sum));
  put_u64(out, part.consolidated_to);
}

PartInfo decode_part(ByteReader& in) {
  PartInfo part;
  part.part = PartId{in.u64()};
  part.errors = in.u8() != 0;
  part.rows = in.u64();
  part.bytes = in.u64();
  part.min_time = in.u64();
  part.max_time = in.u64();
  part.diff_sum = static_cast<Diff>(in.u64());
  part.consolidated_to = in.u64();
  return part;
}

void encode_manifest(const Manifest& manifest, std::string& out) {
  std::unordered_map<const Part*, std::uint32_t> places;
  std::string parts;
  for (const ManifestEntry& entry : manifest.entries) {
    const auto place = static_cast<std::uint32_t>(places.size());
    if (places.emplace(entry.part.get(), place).second) encode_part(entry.part->info(), parts);
  }
  put_u32(out, static_cast<std::uint32_t>(places.size()));
  out.append(parts);
  put_u32(out, static_cast<std::uint32_t>(manifest.entries.size()));
  for (const ManifestEntry& entry : manifest.entries) {
    put_u32(out, places.at(entry.part.get()));
    put_u64(out, static_cast<std::uint64_t>(entry.sign));
    put_u64(out, entry.time);
  }
}

}  // namespace

std::string encode_collection_record(const CollectionDescription& description, Timestamp created,
                                     const Collection::Contents& contents) {
  std::string out;
  put_u8(out, record_version);
  put_u8(out, static_cast<std::uint8_t>(description.kind));
  put_u64(out, description.retention_ms);
  put_u32(out, static_cast<std::uint32_t>(description.schema.size()));
  for (const ColumnSchema& column : description.schema.columns) {
    put_bytes(out, column.name);
    encode_type(column.type, out);
    put_u8(out, column.nullable ? 1 : 0);
  }
  put_u32(out, static_cast<std::uint32_t>(description.key.size()));
  for (const int column : description.key) put_u32(out, static_cast<std::uint32_t>(column));
  put_u64(out, created);
  put_u64(out, contents.compacted_to);
  put_u64(out, contents.upper);
  put_u64(out, contents.last_write);
  put_u64(out, contents.folded_through);
  encode_manifest(*contents.manifest, out);
  put_u64(out, XXH3_64bits(out.data(), out.size()));
  return out;
}

CollectionRecord decode_collection_record(std::string_view bytes,
                                          const std::shared_ptr<Database>& database,
                                          const std::shared_ptr<Graveyard>& graveyard) {
  ByteReader whole(bytes, "collection record");
  if (bytes.size() < 9) whole.corrupt("it ends early");
  const std::string_view body = bytes.substr(0, bytes.size() - 8);
  if (ByteReader(bytes.substr(body.size()), "collection record").u64() !=
      XXH3_64bits(body.data(), body.size())) {
    whole.corrupt("its checksum is wrong");
  }
  ByteReader in(body, "collection record");
  if (in.u8() != record_version) in.corrupt("its version is unknown");

  CollectionRecord record;
  record.description.kind = static_cast<CollectionKind>(in.u8());
  record.description.retention_ms = in.u64();
  const std::uint32_t width = in.u32();
  for (std::uint32_t i = 0; i < width; ++i) {
    ColumnSchema column;
    column.name = in.bytes();
    column.type = decode_type(in.rest);
    column.nullable = in.u8() != 0;
    record.description.schema.columns.push_back(std::move(column));
  }
  const std::uint32_t key_width = in.u32();
  for (std::uint32_t i = 0; i < key_width; ++i) {
    record.description.key.push_back(static_cast<int>(in.u32()));
  }
  record.origin.created = in.u64();
  record.origin.since = in.u64();
  record.origin.upper = in.u64();
  record.origin.last_write = in.u64();
  record.origin.folded_through = in.u64();

  std::vector<PartPtr> parts;
  const std::uint32_t part_count = in.u32();
  for (std::uint32_t i = 0; i < part_count; ++i) {
    parts.push_back(std::make_shared<const Part>(database, graveyard, decode_part(in), false));
  }
  Manifest manifest;
  const std::uint32_t entry_count = in.u32();
  for (std::uint32_t i = 0; i < entry_count; ++i) {
    const std::uint32_t place = in.u32();
    if (place >= parts.size()) in.corrupt("an entry names no part");
    const auto sign = static_cast<Diff>(in.u64());
    manifest.entries.push_back({parts[place], sign, in.u64()});
  }
  record.origin.manifest = std::make_shared<const Manifest>(std::move(manifest));
  return record;
}

}  // namespace tailrace::storage
