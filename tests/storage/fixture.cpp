#include "tests/storage/fixture.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>

namespace tailrace::storage::testing {

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "tailrace-storage-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Fixture::Fixture() {
  open();
}

StoreOptions Fixture::options() {
  StoreOptions options;
  options.directory = directory.path();
  options.tick_ms = tick_ms;
  options.tail_bytes_max = tail_bytes_max;
  options.listener_backlog_bytes_max = listener_backlog_bytes_max;
  options.sync = false;
  options.wall_clock = [this] { return wall.load(); };
  options.warn = [this](std::string_view message) {
    std::lock_guard lock(mutex_);
    warnings_.emplace_back(message);
  };
  return options;
}

void Fixture::open() {
  store_ = Store::open(options());
}

CollectionId Fixture::create(CollectionKind kind, std::uint64_t retention_ms) {
  const CollectionId id{next_collection_++};
  CommitRequest request;
  request.create.emplace_back(id, key_value_description(kind));
  request.create.back().second.retention_ms = retention_ms;
  commit(std::move(request));
  return id;
}

Timestamp Fixture::commit(CommitRequest request) {
  const CommitOutcome outcome = store_->commit(std::move(request));
  if (outcome.error) FAIL(outcome.error->message());
  if (outcome.conflict) FAIL(outcome.conflict->detail);
  return outcome.time;
}

std::vector<std::string> Fixture::warnings() const {
  std::lock_guard lock(mutex_);
  return warnings_;
}

}  // namespace tailrace::storage::testing
