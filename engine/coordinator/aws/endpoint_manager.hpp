// Looks after the endpoints of PrivateLink connections: makes them, watches them, deletes them. One thread.
//
//   CREATE CONNECTION writes an EndpointRecord in its commit      (nothing is made in AWS before)
//   ALTER CONNECTION  replaces the record by that of another endpoint, in which the first one is retired
//   DROP CONNECTION   writes nothing: a record without connection is an endpoint that must go
//
// Statuses go to mz_aws_privatelink_connection_status_history with the record, in one commit.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "catalog/catalog.hpp"
#include "engine/coordinator/aws/endpoint_record.hpp"
#include "engine/coordinator/status_history.hpp"
#include "repr/cancel.hpp"

namespace tailrace::engine {

class Coordinator;

class EndpointManager {
 public:
  explicit EndpointManager(Coordinator& coordinator);
  ~EndpointManager();

  void start();
  void stop();
  void wake();  // the catalog has changed

  // Where to reach the endpoint now; `zone` (a zone's id, may be empty) picks one zone's address. Throws SqlError 08006
  // that says its status unless it is available.
  std::string dns_name(catalog::ItemId connection, const std::string& zone) const;

  // Asks AWS now. Throws SqlError 55000 with the status and what to do unless the endpoint is available.
  void validate(catalog::ItemId connection, CancelToken& cancel);

 private:
  using Clock = std::chrono::steady_clock;

  struct Endpoint {
    EndpointRecord record;
    std::string stored;  // the record as it was last read or written
    Clock::time_point next_check;
    Clock::duration pause{0};                       // between two looks at what has not settled
    std::optional<Clock::time_point> unseen_since;  // AWS does not show what should be there
    std::map<std::string, Clock::time_point> retired_unseen;  // the same of retired ones, by token
    std::optional<Clock::time_point> kept_for_drop;  // a slot must be dropped through it first
    std::uint64_t checks = 0;                        // that have ended
    std::uint64_t checks_wanted = 0;                 // by somebody who waits for them
    bool checking = false;
    std::string trouble;  // of the last check; empty: none
  };

  void run();
  // The records and which connections exist, of one instant.
  void load();
  void check(catalog::ItemId id);
  bool must_wait_for_slot(catalog::ItemId id);
  bool remove_retired(catalog::ItemId id, EndpointRecord& record);
  void save(catalog::ItemId id, const EndpointRecord& record, bool status_changed);
  void forget(catalog::ItemId id, const EndpointRecord& record);
  Clock::duration pause_after(Endpoint& endpoint) const;

  Coordinator& coordinator_;
  const Clock::duration check_interval_;
  StatusHistory history_;  // of the thread
  CancelToken cancel_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = true;
  bool stopping_ = false;
  std::map<catalog::ItemId, Endpoint> endpoints_;
  std::set<catalog::ItemId> wanted_;  // of the thread
  std::thread thread_;
};

}  // namespace tailrace::engine
