// Where new parts come from: gives out their ids, writes them from sorted runs, and brings them
// into the database.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "storage/collection.hpp"
#include "storage/part.hpp"

namespace tailrace::storage {

// Thread-safe.
class PartStore {
 public:
  PartStore(std::shared_ptr<Database> database, std::shared_ptr<Graveyard> graveyard,
            std::uint64_t next_part)
      : database_(std::move(database)), graveyard_(std::move(graveyard)), next_(next_part) {}

  // A file for a part of this collection; `consolidated_to` as in PartInfo.
  std::unique_ptr<PartFile> create(const Collection& collection, bool errors,
                                   Timestamp consolidated_to);
  // Brings finished files in, all at once. The parts are unnamed until somebody says otherwise.
  std::vector<PartPtr> ingest(std::vector<std::unique_ptr<PartFile>> files);
  void remove(PartId part) { delete_part(*database_, part); }

 private:
  std::shared_ptr<Database> database_;
  std::shared_ptr<Graveyard> graveyard_;
  std::atomic<std::uint64_t> next_;
};

// In the part's order: the key's columns, the others, time. Updates are added up; times are at
// least `advance_to`.
Batch consolidate_in_order(const Batch& batch, const std::vector<int>& full_order,
                           Timestamp advance_to);

}  // namespace tailrace::storage
