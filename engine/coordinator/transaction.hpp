// What a session has begun: implicit (around one simple query, or up to a Sync) or explicit (BEGIN).
//
// Reads: the first one fixes the time of all, with holds. Writes: kept as batches, visible to the transaction itself,
// committed together. DDL: a CatalogTransaction; everything commits in one commit of the store.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "catalog/transaction.hpp"
#include "storage/store.hpp"

namespace tailrace::engine {

struct Transaction {
  bool is_explicit = false;
  bool failed = false;
  bool read_only = false;
  bool subscribed = false;  // SUBSCRIBE is then the only read

  std::optional<Timestamp> read_time;
  std::vector<storage::ReadHoldPtr> holds;

  std::map<storage::CollectionId, std::vector<BatchPtr>> writes;
  // Tables that a write depends on, and the time at which they were read.
  std::map<storage::CollectionId, Timestamp> read_for_write;

  std::unique_ptr<catalog::CatalogTransaction> ddl;

  // A block that began with reads: it is for reads.
  bool only_reads() const {
    return is_explicit && read_time && read_for_write.empty() && !has_effects();
  }
  bool has_effects() const { return !writes.empty() || (ddl && ddl->changed()); }
};

}  // namespace tailrace::engine
