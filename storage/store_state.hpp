// What the threads of one store share.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>

#include "storage/database.hpp"
#include "storage/graveyard.hpp"
#include "storage/log.hpp"
#include "storage/part_store.hpp"
#include "storage/progress.hpp"
#include "storage/record_map.hpp"
#include "storage/registry.hpp"
#include "storage/store.hpp"

namespace tailrace::storage {

struct StoreState {
  StoreOptions options;
  std::shared_ptr<Database> database;
  std::shared_ptr<Graveyard> graveyard;
  std::shared_ptr<PartStore> parts;
  std::unique_ptr<Log> log;
  Registry collections;
  RecordMap records;
  Progress progress;
  std::atomic<std::uint64_t> catalog_version{0};

  // Set by the compactor: tails are far above their bound, and commits that add to them wait.
  std::atomic<bool> tails_behind{false};

  // Who changes a manifest holds it from reading the old one until the new one is published; also
  // who replaces runs of a tail.
  std::mutex manifest_mutex;

  void warn(std::string_view message) const {
    if (options.warn) options.warn(message);
  }
};

// Reads what is on disk, sweeps what nothing names, and fills `state`. Throws as Store::open.
void recover(StoreState& state);

}  // namespace tailrace::storage
