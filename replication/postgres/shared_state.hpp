// What the threads of one source share: its configuration now, its counters, and what they ask of
// each other.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "replication/postgres/counters.hpp"
#include "replication/postgres/event_fd.hpp"
#include "replication/postgres/inquiries.hpp"
#include "replication/postgres/positions.hpp"
#include "replication/postgres/source.hpp"

namespace tailrace::replication {

inline constexpr std::chrono::seconds silence_max_min{120};
inline constexpr std::chrono::seconds silence_max_max{3600};

// A definite error found by looking at upstream's catalog, in force from this LSN on.
struct Finding {
  Lsn lsn = 0;
  std::optional<storage::CollectionId> table;  // none: of the whole source
  std::string error;
};

struct IngestedTable {
  std::shared_ptr<const TableExport> table;
  std::shared_ptr<TableCounters> counters;
};

// Reports each change of a status once. Thread-safe.
class StatusBoard {
 public:
  explicit StatusBoard(std::function<void(const SourceStatusChange&)> report)
      : report_(std::move(report)) {}
  void set(std::optional<storage::CollectionId> table, SourceState state, std::string error = {},
           std::string hint = {});
  // Of the source, unless it has gone on meanwhile.
  void hint_while_starting(std::string hint);
  bool is_ceased(storage::CollectionId table) const;
  void forget(storage::CollectionId table);

 private:
  std::function<void(const SourceStatusChange&)> report_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, SourceStatusChange> last_;  // 0: the source
};

class SharedState {
 public:
  SharedState(SourceConfig config, SourceOptions options);

  const std::string source_id;
  const std::string publication;
  const std::string slot;
  const std::optional<std::uint64_t> timeline;
  const storage::CollectionId progress;
  storage::Store& store;
  const std::size_t snapshot_connections;
  const Positions positions;
  MemoryBudget* const memory;  // null: unbounded
  SourceCounters counters;
  // The last attempt at a snapshot failed: the error stays until one succeeds.
  std::atomic<bool> snapshot_failed{false};
  // Upstream failed to decode the slot's log, and will fail again.
  std::atomic<bool> slot_failed{false};
  StatusBoard status;
  EventFd wake;  // the stream's thread
  Inquiries inquiries;
  // The upstream process that streams to us, and the one that upstream says has ended although we
  // still wait for it: a half-open connection. 0: none.
  std::atomic<int> stream_pid{0};
  // The one that makes, or looks for, the slot. 0: none.
  std::atomic<int> opening_pid{0};
  std::atomic<int> ended_stream_pid{0};
  // How long a silent stream is believed to be alive; longer after each one that was not.
  std::atomic<std::chrono::seconds> silence_max{silence_max_min};
  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();

  void tell_slot(SlotReport report);
  std::optional<SlotReport> slot_report() const;

  void log(std::string_view text) const {
    if (log_) log_(text);
  }

  ConnectionConfig connection() const;  // as altered last
  SourceSettings settings() const { return settings_ ? settings_() : SourceSettings(); }
  // Grows when the connection is altered so that what was opened before must not be used.
  std::uint64_t connection_version() const { return connection_version_; }
  void connection_altered();

  std::vector<IngestedTable> tables() const;
  void add_table(TableExport table);
  void remove_table(storage::CollectionId collection);
  // Grows with every change of the list.
  std::uint64_t tables_version() const;

  // Of an upstream that the connection led to at this version; dropped if it has been altered since.
  void post(Finding finding, std::uint64_t connection_version);
  std::vector<Finding> take_findings();

  // For wait_recent and wait_readable: notified when visible_lsn or a table's state has changed.
  void notify_progress();
  // Blocks until `done`, asked again after each notification. Throws what `cancel` says.
  void wait_progress(CancelToken& cancel, const std::function<bool()>& done);

 private:
  IngestedTable ingested(TableExport table) const;

  std::function<void(std::string_view)> log_;
  const std::function<ConnectionConfig()> connection_;
  const std::function<SourceSettings()> settings_;
  std::atomic<std::uint64_t> connection_version_{0};
  mutable std::mutex mutex_;
  std::vector<IngestedTable> tables_;
  std::uint64_t tables_version_ = 0;
  std::vector<Finding> findings_;
  std::optional<SlotReport> slot_report_;
  std::mutex progress_mutex_;
  std::condition_variable progressed_;
};

}  // namespace tailrace::replication
