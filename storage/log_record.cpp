#include "storage/log_record.hpp"

#include <xxhash.h>

#include "repr/batch_codec.hpp"
#include "storage/byte_codec.hpp"

namespace tailrace::storage {

namespace {

constexpr std::uint8_t record_version = 1;

void encode_delta(const Delta& delta, std::string& out) {
  put_u32(out, static_cast<std::uint32_t>(delta.rows.size()));
  put_u32(out, static_cast<std::uint32_t>(delta.errors.size()));
  for (const auto& batch : delta.rows) encode_batch(*batch, out);
  for (const auto& batch : delta.errors) encode_batch(*batch, out);
}

BatchPtr decode_shared_batch(ByteReader& in) {
  return std::make_shared<const Batch>(decode_batch(in.rest));
}

Delta decode_delta(ByteReader& in) {
  Delta delta;
  const std::uint32_t rows = in.u32();
  const std::uint32_t errors = in.u32();
  for (std::uint32_t i = 0; i < rows; ++i) delta.rows.push_back(decode_shared_batch(in));
  for (std::uint32_t i = 0; i < errors; ++i) delta.errors.push_back(decode_shared_batch(in));
  return delta;
}

LogEntry decode_entry(ByteReader& in) {
  LogEntry entry;
  entry.kind = static_cast<LogEntry::Kind>(in.u8());
  entry.collection = CollectionId{in.u64()};
  switch (entry.kind) {
    case LogEntry::Kind::delta:
      entry.delta = decode_delta(in);
      return entry;
    case LogEntry::Kind::append:
      entry.lower = in.u64();
      entry.upper = in.u64();
      entry.delta = decode_delta(in);
      return entry;
    case LogEntry::Kind::part:
      entry.part = PartId{in.u64()};
      entry.sign = static_cast<Diff>(in.u64());
      entry.part_of_errors = in.u8() != 0;
      return entry;
    case LogEntry::Kind::truncate:
    case LogEntry::Kind::create:
    case LogEntry::Kind::drop:
      return entry;
  }
  in.corrupt("an entry is of no known kind");
}

}  // namespace

void encode_log_entry(const LogEntry& entry, std::string& out) {
  put_u8(out, static_cast<std::uint8_t>(entry.kind));
  put_u64(out, entry.collection.value);
  switch (entry.kind) {
    case LogEntry::Kind::delta:
      encode_delta(entry.delta, out);
      break;
    case LogEntry::Kind::append:
      put_u64(out, entry.lower);
      put_u64(out, entry.upper);
      encode_delta(entry.delta, out);
      break;
    case LogEntry::Kind::part:
      put_u64(out, entry.part.value);
      put_u64(out, static_cast<std::uint64_t>(entry.sign));
      put_u8(out, entry.part_of_errors ? 1 : 0);
      break;
    case LogEntry::Kind::truncate:
    case LogEntry::Kind::create:
    case LogEntry::Kind::drop:
      break;
  }
}

std::string encode_log_record(Timestamp time, std::string_view encoded_entries) {
  std::string out;
  out.reserve(encoded_entries.size() + 17);
  put_u8(out, record_version);
  put_u64(out, time);
  out.append(encoded_entries);
  put_u64(out, XXH3_64bits(out.data(), out.size()));
  return out;
}

LogRecord decode_log_record(std::string_view bytes) {
  ByteReader whole(bytes, "commit record");
  if (bytes.size() < 17) whole.corrupt("it ends early");
  const std::string_view body = bytes.substr(0, bytes.size() - 8);
  if (ByteReader(bytes.substr(body.size()), "commit record").u64() !=
      XXH3_64bits(body.data(), body.size())) {
    whole.corrupt("its checksum is wrong");
  }
  ByteReader in(body, "commit record");
  if (in.u8() != record_version) in.corrupt("its version is unknown");
  LogRecord record;
  record.time = in.u64();
  while (!in.empty()) record.entries.push_back(decode_entry(in));
  return record;
}

}  // namespace tailrace::storage
