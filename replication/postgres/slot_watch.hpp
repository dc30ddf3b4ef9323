// Looks at the replication slot upstream each second: how much log it keeps, whether it is in danger, who holds it back.
//
// Says aloud (in the log, or as a hint of the source's status) what an operator should act on. Not for several threads.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "replication/postgres/connection.hpp"
#include "replication/postgres/shared_state.hpp"

namespace tailrace::replication {

class SlotWatch {
 public:
  SlotWatch(SharedState& shared, Connection& connection)
      : shared_(shared), connection_(connection) {}

  struct Slot {
    Lsn upstream = 0;               // the end of upstream's log; 0: not known
    std::optional<int> active_pid;  // who reads it
    std::optional<Lsn> confirmed;   // none: there is no slot, or it is being made
  };
  Slot look();

 private:
  void report(const QueryResult& answer, Lsn upstream);
  void tell_what_creation_waits_for();
  std::string oldest_transaction();

  SharedState& shared_;
  Connection& connection_;
  std::string wal_status_;
  std::string held_by_;
  std::chrono::steady_clock::time_point next_search_;
  int waiting_probes_ = 0;
};

}  // namespace tailrace::replication
