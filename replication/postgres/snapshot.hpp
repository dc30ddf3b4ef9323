// The first contents of tables: copied at one LSN over several connections, into staged parts.
//
//   leader:  BEGIN; CREATE_REPLICATION_SLOT ... TEMPORARY ... USE_SNAPSHOT  ─▶ S;
//   pg_export_snapshot() workers: SET TRANSACTION SNAPSHOT; COPY of ctid ranges, taken from one
//   list  ─▶ PartWriter
//
// No session keeps the lock of a table for longer than one range: DDL upstream that waits for the lock would hold up our
// other sessions, and wait for them through us, where upstream cannot see the circle.
//
// Memory is bounded by snapshot connections x (copy_batch_bytes_max + one row + what a PartWriter
// holds).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replication/postgres/config.hpp"
#include "replication/postgres/counters.hpp"
#include "replication/postgres/keyed_changes.hpp"
#include "replication/postgres/lsn.hpp"
#include "repr/cancel.hpp"
#include "storage/store.hpp"

namespace tailrace::replication {

struct SnapshotTable {
  std::shared_ptr<const TableExport> table;
  std::shared_ptr<TableCounters> counters;
};

struct SnapshotRequest {
  ConnectionConfig connection;
  std::string publication;
  std::vector<SnapshotTable> tables;
  storage::Store& store;
  std::size_t connections = 2;
  std::chrono::milliseconds statement_timeout{0};  // of each statement upstream; 0: none
  // Once S is known: transactions that committed before it are in the snapshot, later ones are not.
  std::function<void(Lsn)> on_started;
};

struct SnapshotOutcome {
  struct Table {
    storage::CollectionId collection;
    std::vector<storage::StagedPart> parts;
    std::uint64_t rows = 0;
    ErrorsByLabel errors;  // of rows that cannot be held, where later changes come by key
    // The table is no longer what it was when it was chosen: it cannot be ingested any more.
    std::optional<std::string> incompatible;
    // Upstream truncated or rewrote it after S and before all of it was copied. Neither is multi-versioned: the copy
    // lacks rows. It has no parts then, and its snapshot must be taken again.
    bool rewritten = false;
    Oid file = 0;  // HeapState::file, as of S
  };
  std::vector<Table> tables;
  std::vector<std::string> unpublished;  // actions that the publication leaves out, as of S
};

// Blocks. Throws what can be tried again from the start; nothing is left behind then.
SnapshotOutcome take_snapshot(const SnapshotRequest& request, CancelToken& cancel);

}  // namespace tailrace::replication
