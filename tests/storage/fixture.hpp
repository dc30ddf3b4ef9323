// What storage tests share: a directory, a clock that the test moves, batches of two columns,
// contents as a map.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/storage/store_contents.hpp"

namespace tailrace::storage::testing {

// A directory that goes away with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A store over a directory, closed and opened again at will.
class Fixture {
 public:
  Fixture();
  Store& store() { return *store_; }
  StoreOptions options();
  void close() { store_.reset(); }
  void open();
  void reopen() { close(), open(); }

  CollectionId create(CollectionKind kind = CollectionKind::clocked,
                      std::uint64_t retention_ms = 1000);
  // Commits and gives the time; a conflict or an error fails the test.
  Timestamp commit(CommitRequest request);
  std::vector<std::string> warnings() const;

  TemporaryDirectory directory;
  std::atomic<std::uint64_t> wall{1'000'000};
  std::uint64_t tick_ms = 0;  // none: time moves with commits
  std::size_t tail_bytes_max = 64 << 20;
  std::uint64_t listener_backlog_bytes_max = std::uint64_t{4} << 30;

 private:
  std::unique_ptr<Store> store_;
  std::uint64_t next_collection_ = 1;
  mutable std::mutex mutex_;
  std::vector<std::string> warnings_;
};

}  // namespace tailrace::storage::testing
