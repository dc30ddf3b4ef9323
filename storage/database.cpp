#include "storage/database.hpp"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/sst_file_manager.h>
#include <rocksdb/table.h>

#include <algorithm>

#include "storage/byte_codec.hpp"
#include "storage/keys.hpp"

namespace tailrace::storage {

SqlError error_of(const rocksdb::Status& status, std::string_view doing) {
  const std::string text = status.ToString();
  if (status.IsNoSpace() || text.find("No space left") != text.npos) {
    return SqlError(sqlstate::disk_full,
                    fmt::format("could not {}: no space left on device", doing))
        .detail(text)
        .hint("Free some space; nothing needs to be restarted.");
  }
  if (status.IsCorruption()) {
    return SqlError(sqlstate::data_corrupted, fmt::format("could not {}: {}", doing, text));
  }
  return SqlError(sqlstate::io_error, fmt::format("could not {}: {}", doing, text));
}

void check(const rocksdb::Status& status, std::string_view doing) {
  if (!status.ok()) throw error_of(status, doing);
}

namespace {

constexpr const char* log_family = "log";
constexpr const char* parts_family = "parts";
constexpr const char* meta_family = "meta";
constexpr std::array<const char*, 4> record_families = {"catalog", "secrets", "positions",
                                                        "intents"};

rocksdb::BlockBasedTableOptions table_options(std::shared_ptr<rocksdb::Cache> cache,
                                              std::size_t block_size) {
  rocksdb::BlockBasedTableOptions options;
  options.block_cache = std::move(cache);
  options.block_size = block_size;
  options.format_version = 5;
  options.checksum = rocksdb::kXXH3;
  options.cache_index_and_filter_blocks = true;
  options.cache_index_and_filter_blocks_with_high_priority = true;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(const std::string& name,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.compression = rocksdb::kNoCompression;  // pages are compressed; the log is short-lived
  if (name == parts_family) {
    // Only ingested files, each in a range of its own: they go straight to the last level, and
    // stay.
    options.disable_auto_compactions = true;
    options.level0_slowdown_writes_trigger = 1 << 30;
    options.level0_stop_writes_trigger = 1 << 30;
    options.write_buffer_size = 1 << 20;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(cache, 16 << 10)));
  } else {
    options.write_buffer_size = name == log_family ? 32 << 20 : 4 << 20;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(cache, 16 << 10)));
  }
  return options;
}

std::vector<std::string> families_of(const rocksdb::DBOptions& options, const std::string& path) {
  std::vector<std::string> names;
  // An error here means that there is no database yet, or one whose opening will say what is wrong.
  rocksdb::DB::ListColumnFamilies(options, path, &names).PermitUncheckedError();
  auto add = [&](const char* name) {
    if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  };
  add("default");
  add(log_family);
  add(parts_family);
  add(meta_family);
  for (const char* name : record_families) add(name);
  return names;
}

SqlError opening_error(const rocksdb::Status& status, const std::filesystem::path& directory) {
  const std::string text = status.ToString();
  if (status.IsIOError() && text.find("lock") != text.npos && text.find("LOCK") != text.npos) {
    return SqlError(sqlstate::object_in_use,
                    fmt::format("data directory \"{}\" is in use by another process",
                                directory.string()))
        .detail(text);
  }
  return error_of(status, fmt::format("open data directory \"{}\"", directory.string()));
}

}  // namespace

std::shared_ptr<Database> Database::open(const Options& options) {
  std::shared_ptr<Database> database(new Database);
  database->directory_ = options.directory;
  database->staging_ = options.directory / "staging";
  database->warn_ = options.warn;

  std::error_code failure;
  std::filesystem::create_directories(options.directory, failure);
  if (failure) {
    throw SqlError(sqlstate::io_error, fmt::format("could not create data directory \"{}\": {}",
                                                   options.directory.string(), failure.message()));
  }

  auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  rocksdb::Options db_options;
  db_options.create_if_missing = true;
  db_options.create_missing_column_families = true;
  db_options.max_background_jobs = 2;
  db_options.max_total_wal_size = 96 << 20;
  db_options.keep_log_file_num = 2;
  db_options.max_log_file_size = 4 << 20;
  db_options.info_log_level = rocksdb::WARN_LEVEL;
  db_options.max_open_files = 1024;
  db_options.stats_dump_period_sec = 0;
  db_options.stats_persist_period_sec = 0;
  db_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;

  const std::string path = options.directory.string();
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : families_of(db_options, path)) {
    families.emplace_back(name, family_options(name, cache));
  }
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open(db_options, path, families, &database->handles_, &opened);
  if (!status.ok()) throw opening_error(status, options.directory);
  database->db_.reset(opened);
  for (auto* handle : database->handles_) {
    const std::string& name = handle->GetName();
    if (name == log_family) database->log_ = handle;
    if (name == parts_family) database->parts_ = handle;
    if (name == meta_family) database->meta_ = handle;
    for (std::size_t i = 0; i < record_families.size(); ++i) {
      if (name == record_families[i]) database->records_[i] = handle;
    }
  }

  // Only after the lock is ours: files of a writer that did not finish.
  std::filesystem::remove_all(database->staging_, failure);
  std::filesystem::create_directories(database->staging_, failure);
  if (failure) {
    throw SqlError(sqlstate::io_error, fmt::format("could not create \"{}\": {}",
                                                   database->staging_.string(), failure.message()));
  }
  database->part_file_options_ = rocksdb::Options(db_options, family_options(parts_family, cache));
  return database;
}

Database::~Database() {
  if (!db_) return;
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

void Database::resume_if_stopped() {
  if (!write_failed_.load()) return;
  std::lock_guard lock(resume_mutex_);
  if (!write_failed_.load()) return;
  if (db_->Resume().ok()) write_failed_ = false;
}

rocksdb::Status Database::write(rocksdb::WriteBatch& batch) {
  resume_if_stopped();
  const auto status = db_->Write(rocksdb::WriteOptions(), &batch);
  if (!status.ok()) write_failed_ = true;
  return status;
}

rocksdb::Status Database::sync() {
  rocksdb::Status status;
  if (!sync_failed_.load()) {
    status = db_->SyncWAL();
    if (status.ok()) return status;
    sync_failed_ = true;
    if (warn_) warn_(fmt::format("could not sync the write-ahead log: {}", status.ToString()));
  }
  // The kernel may have dropped the pages that it could not write, so asking again would prove
  // nothing. The same data is still in the memtables: flush those to new files.
  write_failed_ = true;
  resume_if_stopped();
  status = flush();
  if (status.ok()) sync_failed_ = false;
  return status;
}

rocksdb::Status Database::flush() {
  return db_->Flush(rocksdb::FlushOptions(), handles_);
}

}  // namespace tailrace::storage
