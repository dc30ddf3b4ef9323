#include "storage/part_file.hpp"

#include <fmt/format.h>
#include <rocksdb/convenience.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <filesystem>

#include "repr/batch_codec.hpp"
#include "repr/order.hpp"
#include "storage/bloom_filter.hpp"
#include "storage/byte_codec.hpp"
#include "storage/chunk_bounds.hpp"
#include "storage/fault_point.hpp"

namespace tailrace::storage {

namespace {

constexpr std::size_t chunk_rows_max = 64 << 10;
constexpr std::size_t chunk_column_bytes_max = 1 << 20;
constexpr std::size_t chunk_bytes_max = 16 << 20;
constexpr std::size_t page_rows = 4 << 10;
// Small writes are gathered until they fill a chunk or two.
constexpr std::size_t pending_rows_max = chunk_rows_max;
constexpr std::size_t pending_bytes_max = 8 << 20;
constexpr std::size_t fence_bytes_max = 64;

// The bytes that rows [first, first + count) of the column take before compression.
std::size_t bytes_of(const Column& column, std::size_t first, std::size_t count) {
  if (column.layout() != Layout::bytes) return count * width_of(column.layout());
  return column.offsets()[first + count] - column.offsets()[first] + count * sizeof(std::uint32_t);
}

bool fits_chunk(const Batch& batch, std::size_t first, std::size_t count) {
  std::size_t total = 0;
  for (const auto& column : batch.columns) {
    const std::size_t bytes = bytes_of(*column, first, count);
    if (bytes > chunk_column_bytes_max) return false;
    total += bytes;
  }
  return total <= chunk_bytes_max;
}

std::size_t rows_of_chunk(const Batch& batch, std::size_t first) {
  std::size_t most = std::min(batch.rows - first, chunk_rows_max);
  if (fits_chunk(batch, first, most)) return most;
  std::size_t fitting = 1;  // a row of any size must go somewhere
  while (fitting + 1 < most) {
    const std::size_t middle = fitting + (most - fitting) / 2;
    (fits_chunk(batch, first, middle) ? fitting : most) = middle;
  }
  return fitting;
}

// Types whose identity order is that of their bytes, so that a prefix is below the whole.
bool cuttable(TypeId type) {
  return type == TypeId::text || type == TypeId::varchar || type == TypeId::name ||
         type == TypeId::bytea || type == TypeId::jsonb;
}

template <class T>
void append_integers(const PerRow<T>& values, std::size_t first, std::size_t count,
                     std::string& plain) {
  for (std::size_t row = first; row < first + count; ++row) {
    put_u64(plain, static_cast<std::uint64_t>(values[row]));
  }
}

}  // namespace

struct PartFile::Writer {
  explicit Writer(const Database& database)
      : writer(rocksdb::EnvOptions(), database.part_file_options()) {}
  rocksdb::SstFileWriter writer;
};

PartFile::PartFile(std::shared_ptr<Database> database, PartId part, PartFileOptions options)
    : database_(std::move(database)),
      options_(std::move(options)),
      sort_columns_(sort_columns_of(options_.key, options_.types.size())),
      path_((database_->staging_directory() / fmt::format("{}.sst", part.value)).string()),
      writer_(std::make_unique<Writer>(*database_)),
      fence_keys_([&] {
        std::vector<Type> types;
        for (const int column : sort_columns_) {
          types.push_back(options_.types[static_cast<std::size_t>(column)]);
        }
        return types;
      }()) {
  info_.part = part;
  info_.errors = options_.errors;
  info_.consolidated_to = options_.consolidated_to;
  info_.min_time = timestamp_max;
  directory_.collection = options_.collection;
  directory_.errors = options_.errors;
  directory_.types = options_.types;
  directory_.key = options_.key;
  directory_.page_rows = page_rows;
  directory_.only_nulls.resize(options_.types.size());
  for (const Type& type : options_.types) {
    minima_.emplace_back(type);
    maxima_.emplace_back(type);
  }
  check(writer_->writer.Open(path_), "create a part");
}

PartFile::~PartFile() {
  writer_.reset();
  std::error_code ignored;  // an ingested file has moved; whatever stays is swept at start-up
  std::filesystem::remove(path_, ignored);
}

std::uint64_t PartFile::bytes() const {
  return finished_ ? info_.bytes : writer_->writer.FileSize();
}

void PartFile::write(const Batch& sorted) {
  if (sorted.rows == 0) return;
  pending_.push_back(sorted);
  pending_rows_ += sorted.rows;
  pending_bytes_ += sorted.memory_bytes();
  if (pending_rows_ >= pending_rows_max || pending_bytes_ >= pending_bytes_max) write_pending();
}

void PartFile::write_pending() {
  const Batch batch = pending_.size() == 1 ? pending_.front() : concatenate(pending_);
  pending_.clear();
  pending_rows_ = 0;
  pending_bytes_ = 0;
  if (!options_.key.empty()) {
    std::vector<std::uint64_t> hashes;
    hash_rows(batch, sort_columns_, Equality::identity, hashes);
    hashes_.insert(hashes_.end(), hashes.begin(), hashes.end());
  }
  for (std::size_t first = 0; first < batch.rows;) {
    const std::size_t count = rows_of_chunk(batch, first);
    write_chunk(count == batch.rows ? batch : slice(batch, first, count));
    first += count;
  }
}

void PartFile::write_chunk(const Batch& chunk) {
  const auto number = static_cast<std::uint32_t>(directory_.chunks.size());
  PartChunkInfo info;
  info.rows = static_cast<std::uint32_t>(chunk.rows);
  info.min_diff = info.max_diff = chunk.diffs[0];
  info.min_time = info.max_time = chunk.times[0];
  if (!chunk.times.is_uniform()) {
    const auto [min, max] = std::ranges::minmax(chunk.times.values());
    info.min_time = min;
    info.max_time = max;
  }
  if (chunk.diffs.is_uniform()) {
    info_.diff_sum += info.min_diff * static_cast<Diff>(chunk.rows);
  } else {
    const auto [min, max] = std::ranges::minmax(chunk.diffs.values());
    info.min_diff = min;
    info.max_diff = max;
    for (const Diff diff : chunk.diffs.values()) info_.diff_sum += diff;
  }
  directory_.chunks.push_back(info);
  info_.rows += chunk.rows;
  info_.min_time = std::min(info_.min_time, info.min_time);
  info_.max_time = std::max(info_.max_time, info.max_time);

  PartKey key{.part = info_.part, .chunk = number};
  auto put_pages = [&](std::uint16_t column, auto&& append_page) {
    key.column = column;
    for (std::size_t first = 0; first < chunk.rows; first += page_rows) {
      key.page = static_cast<std::uint16_t>(first / page_rows);
      const std::size_t count = std::min(page_rows, chunk.rows - first);
      append_page(first, count, pages_.begin());
      put(part_key(key), pages_.finish());
    }
  };
  for (std::size_t i = 0; i < chunk.columns.size(); ++i) {
    const ColumnPtr& column = chunk.columns[i];
    ChunkBounds bounds = bounds_of(*column, 0, chunk.rows);
    directory_.only_nulls[i].push_back(bounds.only_nulls);
    minima_[i].append_value(bounds.min.value_or(Value(Null{})));
    maxima_[i].append_value(bounds.max.value_or(Value(Null{})));
    put_pages(static_cast<std::uint16_t>(i),
              [&](std::size_t first, std::size_t count, std::string& plain) {
                encode_column(*(count == chunk.rows ? column : slice(column, first, count)), plain);
              });
  }
  if (!info.uniform_time()) {
    put_pages(times_column, [&](std::size_t first, std::size_t count, std::string& plain) {
      append_integers(chunk.times, first, count, plain);
    });
  }
  if (!info.uniform_diff()) {
    put_pages(diffs_column, [&](std::size_t first, std::size_t count, std::string& plain) {
      append_integers(chunk.diffs, first, count, plain);
    });
  }
  const Batch keys = chunk.project(sort_columns_);
  for (std::size_t first = 0; first < chunk.rows; first += page_rows) {
    add_fence(keys, first, static_cast<std::uint32_t>(first / page_rows));
  }
}

void PartFile::add_fence(const Batch& keys, std::size_t row, std::uint32_t page) {
  bool cut = false;
  for (std::size_t i = 0; i < keys.columns.size(); ++i) {
    const Column& column = *keys.columns[i];
    if (cut && column.layout() == Layout::bytes) {
      fence_keys_.column(i)
          .append_null();  // the fence is below already: what follows does not count
    } else if (!cut && cuttable(column.type().id()) && !column.is_null(row) &&
               column.bytes(row).size() > fence_bytes_max) {
      fence_keys_.column(i).append_bytes(column.bytes(row).substr(0, fence_bytes_max));
      cut = true;
    } else {
      fence_keys_.column(i).append_from(column, row);
    }
  }
  fence_keys_.end_row(0, 1);
  fences_.cut.push_back(cut);
  fences_.chunks.push_back(static_cast<std::uint32_t>(directory_.chunks.size() - 1));
  fences_.pages.push_back(page);
}

void PartFile::put(std::string_view key, std::string_view value) {
  check(writer_->writer.Put(rocksdb::Slice(key.data(), key.size()),
                            rocksdb::Slice(value.data(), value.size())),
        "write a part");
}

PartInfo PartFile::finish() {
  if (finished_) return info_;
  if (!pending_.empty()) write_pending();
  ensure(info_.rows > 0, "a part has at least one row");
  for (auto& column : minima_) directory_.minima.push_back(column.finish());
  for (auto& column : maxima_) directory_.maxima.push_back(column.finish());
  fences_.first_keys = fence_keys_.finish();
  put(part_section_key(info_.part, PartSection::directory), directory_.encode());
  pages_.begin() += fences_.encode();
  put(part_section_key(info_.part, PartSection::fences), pages_.finish());
  if (!options_.key.empty()) {
    put(part_section_key(info_.part, PartSection::bloom_filter), BloomFilter::of(hashes_).encode());
  }
  rocksdb::ExternalSstFileInfo file;
  check(writer_->writer.Finish(&file), "finish a part");
  info_.bytes = file.file_size;
  finished_ = true;
  fault_point("part_file_finished");
  return info_;
}

void ingest_part_files(Database& database, const std::vector<std::string>& paths) {
  if (paths.empty()) return;
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  options.failed_move_fall_back_to_copy = true;
  options.snapshot_consistency = false;
  options.write_global_seqno = false;
  check(database.db().IngestExternalFile(database.parts(), paths, options), "ingest parts");
  fault_point("parts_ingested");
}

void delete_part(Database& database, PartId part) {
  const std::string begin = part_begin(part);
  const std::string end = part_begin(PartId{part.value + 1});
  const rocksdb::Slice begin_slice(begin);
  const rocksdb::Slice end_slice(end);
  check(rocksdb::DeleteFilesInRange(&database.db(), database.parts(), &begin_slice, &end_slice,
                                    false),
        "delete a part");
  // Whatever of it does not lie in a file of its own (there should be nothing).
  rocksdb::ReadOptions reading;
  reading.iterate_upper_bound = &end_slice;
  std::unique_ptr<rocksdb::Iterator> at(database.db().NewIterator(reading, database.parts()));
  at->Seek(begin_slice);
  if (at->Valid()) {
    rocksdb::WriteBatch batch;
    check(batch.DeleteRange(database.parts(), begin_slice, end_slice), "delete a part");
    check(database.write(batch), "delete a part");
  }
}

}  // namespace tailrace::storage
