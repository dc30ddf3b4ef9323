// Writes one part: sorted batches in, one file out, ready to be ingested.
//
// A chunk has at most 64 Ki rows, 1 MiB a column and 16 MiB over all columns (one row at least,
// whatever its size); each of its columns is cut into pages (page.hpp) of 4 Ki rows, encoded as in
// repr/batch_codec.hpp.
//
// Times and diffs that differ within a chunk are pages too (plain 8-byte integers instead of a
// column).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "repr/batch.hpp"
#include "storage/database.hpp"
#include "storage/keys.hpp"
#include "storage/page.hpp"
#include "storage/part_directory.hpp"

namespace tailrace::storage {

// What the manifest keeps of a part.
struct PartInfo {
  PartId part;
  bool errors = false;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // of the file
  Timestamp min_time = 0;   // of the rows, before the manifest's time is applied
  Timestamp max_time = 0;
  Diff diff_sum = 0;
  Timestamp consolidated_to = 0;  // times below were advanced to it when it was written
};

struct PartFileOptions {
  CollectionId collection;
  bool errors = false;
  std::vector<Type> types;
  std::vector<int> key;
  Timestamp consolidated_to = 0;
};

class PartFile {
 public:
  // The file appears in the database's staging directory.
  PartFile(std::shared_ptr<Database> database, PartId part, PartFileOptions options);
  ~PartFile();

  // Rows in the part's order (full_order_of, then time), also from one call to the next.
  void write(const Batch& sorted);
  std::uint64_t rows() const { return info_.rows + pending_rows_; }
  std::uint64_t bytes() const;  // written so far
  // Closes the file; it is removed with this object unless it was ingested. A part has at least one
  // row.
  PartInfo finish();
  const std::string& path() const { return path_; }

 private:
  struct Writer;

  void write_pending();
  void write_chunk(const Batch& chunk);
  void add_fence(const Batch& keys, std::size_t row, std::uint32_t page);
  void put(std::string_view key, std::string_view value);

  std::shared_ptr<Database> database_;
  PartFileOptions options_;
  std::vector<int> sort_columns_;
  std::string path_;
  std::unique_ptr<Writer> writer_;
  PageWriter pages_;
  PartInfo info_;
  PartDirectory directory_;
  std::vector<ColumnBuilder> minima_;
  std::vector<ColumnBuilder> maxima_;
  PartFences fences_;
  BatchBuilder fence_keys_;
  std::vector<std::uint64_t> hashes_;
  std::vector<Batch> pending_;
  std::size_t pending_rows_ = 0;
  std::size_t pending_bytes_ = 0;
  bool finished_ = false;
};

// Makes the files part of the database, all in one step. They are then found by their part ids.
void ingest_part_files(Database& database, const std::vector<std::string>& paths);
// Deletes what is stored of a part. Nobody may read it any more.
void delete_part(Database& database, PartId part);

}  // namespace tailrace::storage
