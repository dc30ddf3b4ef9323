// The sources that run: started, altered and stopped as the catalog says; their statuses and statistics kept.
//
// Thread-safe. Status changes go, in order, to mz_source_status_history by a thread of this manager's own.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "catalog/catalog.hpp"
#include "engine/coordinator/snapshot_wait.hpp"
#include "replication/postgres/source.hpp"

namespace tailrace::engine {

class Coordinator;

class SourceManager {
 public:
  explicit SourceManager(Coordinator& coordinator);
  ~SourceManager();  // stops all

  // Starts writing statuses; sources that the first `apply` started are running by then.
  void start_recorded();
  // Starts, stops and alters what differs between the two.
  void apply(const catalog::Catalog& before, const catalog::Catalog& after);

  // Running sources use the new values from their next session on; those that wait to try again try at once.
  void secrets_altered(const catalog::Catalog& catalog,
                       const std::vector<catalog::ItemId>& secrets);

  struct Statistics {
    catalog::ItemId item;  // the source or its table
    catalog::ReplicaId replica;
    replication::ExportStatistics values;
  };
  std::vector<Statistics> statistics() const;
  // Of the sources whose upstream has been asked.
  std::vector<std::pair<catalog::ItemId, replication::SlotReport>> slots() const;
  // Of the sources that take one.
  std::vector<std::pair<catalog::ItemId, replication::SnapshotProgress>> snapshots() const;

  // For real_time_recency: everything that upstream had committed when called is visible when this returns.
  void wait_recent(const std::vector<catalog::ItemId>& sources, CancelToken& cancel);
  // Until the table's first snapshot is there (or its error): before, there is nothing to read; also while its cluster
  // has no replica. At once for what no source fills. Throws 42P01 once the table is dropped.
  // `tell` hears how far the snapshot is.
  void wait_readable(const catalog::Catalog& catalog, catalog::ItemId table, CancelToken& cancel,
                     const SnapshotWait::Tell& tell);

 private:
  struct Running {
    std::shared_ptr<replication::PostgresSource> source;
    catalog::ReplicaId replica;
    std::set<catalog::ItemId> tables;
  };
  struct Status {
    catalog::ItemId item;
    catalog::ReplicaId replica;
    std::string status;
    std::string error;
    std::string hint;
    std::int64_t occurred_at = 0;  // microseconds since 2000-01-01
  };

  void start(const catalog::Catalog& catalog, const catalog::Item& source);
  void stop(catalog::ItemId id);
  void record(Status status);
  void write_statuses();
  void require_not_dropped(catalog::ItemId table) const;

  Coordinator& coordinator_;
  mutable std::mutex mutex_;
  std::map<catalog::ItemId, Running> running_;
  std::condition_variable sources_changed_;  // with mutex_: one was started or stopped
  std::set<catalog::ItemId> readable_;       // tables known to have their snapshot

  std::mutex status_mutex_;
  std::condition_variable status_changed_;
  std::deque<Status> statuses_;
  bool stopping_ = false;
  std::thread status_thread_;
};

}  // namespace tailrace::engine
