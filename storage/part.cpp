#include "storage/part.hpp"

#include <fmt/format.h>

#include <cstring>

#include "repr/batch_codec.hpp"

namespace tailrace::storage {

Part::Part(std::shared_ptr<Database> database, std::shared_ptr<Graveyard> graveyard, PartInfo info,
           bool unnamed)
    : database_(std::move(database)),
      graveyard_(std::move(graveyard)),
      info_(info),
      unnamed_(unnamed) {}

Part::~Part() {
  if (unnamed_) graveyard_->add(info_.part);
}

const PartDirectory& Part::directory() const {
  std::lock_guard lock(mutex_);
  if (!directory_) {
    directory_ = std::make_unique<const PartDirectory>(
        PartDirectory::decode(get(part_section_key(info_.part, PartSection::directory), true)));
  }
  return *directory_;
}

const PartFences& Part::fences() const {
  std::lock_guard lock(mutex_);
  if (!fences_) {
    fences_ = std::make_unique<const PartFences>(PartFences::decode(
        decompress_page(get(part_section_key(info_.part, PartSection::fences), true))));
  }
  return *fences_;
}

const BloomFilter& Part::bloom_filter() const {
  std::lock_guard lock(mutex_);
  if (!bloom_filter_) {
    bloom_filter_ = std::make_unique<const BloomFilter>(
        BloomFilter::decode(get(part_section_key(info_.part, PartSection::bloom_filter), true)));
  }
  return *bloom_filter_;
}

std::string Part::get(std::string_view key, bool fill_cache) const {
  rocksdb::ReadOptions options;
  options.fill_cache = fill_cache;
  std::string value;
  const auto status = database_->db().Get(options, database_->parts(),
                                          rocksdb::Slice(key.data(), key.size()), &value);
  if (status.IsNotFound()) {
    throw SqlError(sqlstate::data_corrupted,
                   fmt::format("part {} of the data directory is incomplete", info_.part.value));
  }
  check(status, fmt::format("read part {}", info_.part.value));
  return value;
}

Batch Part::read_chunk(std::size_t chunk, std::span<const int> columns, bool fill_cache) const {
  return read_pages(chunk, 0, directory().pages_of(chunk), columns, fill_cache);
}

Batch Part::read_page(std::size_t chunk, std::uint32_t page, std::span<const int> columns) const {
  return read_pages(chunk, page, page + 1, columns, true);
}

Batch Part::read_pages(std::size_t chunk, std::uint32_t first_page, std::uint32_t end_page,
                       std::span<const int> columns, bool fill_cache) const {
  const PartDirectory& layout = directory();
  const PartChunkInfo& info = layout.chunks[chunk];
  const std::size_t first_row = std::size_t{first_page} * layout.page_rows;
  const std::size_t end_row =
      std::min<std::size_t>(info.rows, std::size_t{end_page} * layout.page_rows);

  PartKey key{.part = info_.part, .chunk = static_cast<std::uint32_t>(chunk)};
  auto page_at = [&](std::uint16_t column, std::uint32_t page) {
    key.column = column;
    key.page = static_cast<std::uint16_t>(page);
    return decompress_page(get(part_key(key), fill_cache));
  };

  Batch batch;
  batch.rows = end_row - first_row;
  for (const int column : columns) {
    std::vector<ColumnPtr> pages;
    for (std::uint32_t page = first_page; page < end_page; ++page) {
      const std::string plain = page_at(static_cast<std::uint16_t>(column), page);
      std::string_view rest = plain;
      pages.push_back(decode_column(layout.types[static_cast<std::size_t>(column)], rest));
    }
    batch.columns.push_back(pages.size() == 1 ? pages.front() : concatenate(pages));
    if (batch.columns.back()->size() != batch.rows) {
      throw SqlError(
          sqlstate::data_corrupted,
          fmt::format("a column of part {} has a wrong number of rows", info_.part.value));
    }
  }
  auto integers = [&]<class T>(std::uint16_t column, std::vector<T> values) {
    for (std::uint32_t page = first_page; page < end_page; ++page) {
      const std::string plain = page_at(column, page);
      const std::size_t count = plain.size() / sizeof(T);
      const std::size_t before = values.size();
      values.resize(before + count);
      std::memcpy(values.data() + before, plain.data(), count * sizeof(T));
    }
    if (values.size() != batch.rows) {
      throw SqlError(sqlstate::data_corrupted,
                     fmt::format("part {} lacks times or diffs", info_.part.value));
    }
    return PerRow<T>::each(std::move(values));
  };
  batch.times = info.uniform_time() ? PerRow<Timestamp>::uniform(info.min_time)
                                    : integers(times_column, std::vector<Timestamp>());
  batch.diffs = info.uniform_diff() ? PerRow<Diff>::uniform(info.min_diff)
                                    : integers(diffs_column, std::vector<Diff>());
  return batch;
}

}  // namespace tailrace::storage
