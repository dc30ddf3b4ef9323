// RocksDB, opened. Private to storage/: the only file of storage/ besides .cpp files that knows its headers' types.
//
// Everything a store has on disk lies in one database; each kind of thing in a column family of its
// own.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "repr/error.hpp"
#include "storage/store.hpp"

namespace tailrace::storage {

// 53100 where the disk is full, XX001 for corruption, 58030 otherwise. The status must not be ok.
SqlError error_of(const rocksdb::Status& status, std::string_view doing);
void check(const rocksdb::Status& status, std::string_view doing);  // throws error_of

class Database {
 public:
  struct Options {
    std::filesystem::path directory;
    std::size_t block_cache_bytes = 0;
    std::function<void(std::string_view)> warn;
  };
  // Opens or creates. Throws 55006 if another process has it, else as `error_of`, naming the
  // directory.
  static std::shared_ptr<Database> open(const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* log() { return log_; }
  rocksdb::ColumnFamilyHandle* parts() { return parts_; }
  rocksdb::ColumnFamilyHandle* meta() { return meta_; }
  rocksdb::ColumnFamilyHandle* records(RecordSpace space) {
    return records_[static_cast<std::size_t>(space)];
  }
  // For files that are to be ingested; emptied at open.
  const std::filesystem::path& staging_directory() const { return staging_; }
  const std::filesystem::path& directory() const { return directory_; }
  const rocksdb::Options& part_file_options() const { return part_file_options_; }

  // Writes without a sync. After a failed write (a full disk) RocksDB refuses all others: this
  // tries to bring it back first. On failure nothing of the batch is stored.
  rocksdb::Status write(rocksdb::WriteBatch& batch);
  // All writes so far survive a power failure. Where the sync fails, what it covered is flushed to
  // new files instead; not ok only if that fails too, and then it may be called again.
  rocksdb::Status sync();
  // Memtables to files, so that no write-ahead log is needed for what is in them.
  rocksdb::Status flush();

 private:
  Database() = default;
  void resume_if_stopped();

  std::filesystem::path directory_;
  std::filesystem::path staging_;
  rocksdb::Options part_file_options_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* log_ = nullptr;
  rocksdb::ColumnFamilyHandle* parts_ = nullptr;
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  std::array<rocksdb::ColumnFamilyHandle*, 4> records_{};
  std::function<void(std::string_view)> warn_;
  std::mutex resume_mutex_;
  std::atomic<bool> write_failed_{false};
  std::atomic<bool> sync_failed_{false};
};

// The last format this build writes and the only one it reads.
inline constexpr std::uint64_t format_version = 1;

}  // namespace tailrace::storage
