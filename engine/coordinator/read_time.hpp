// At which time a query reads, and the inputs at that time.
//
// Strict serializable: the latest committed time that all inputs have reached, never earlier than any result already shown
// or write already acknowledged to anyone. A query, or a transaction's reads, see one time across all inputs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/cluster/cluster.hpp"
#include "engine/coordinator/session_state.hpp"
#include "engine/operators/run_once.hpp"

namespace tailrace::engine {

// What a query reads: stored collections by the store, kept views by an index of the session's cluster.
struct ReadSet {
  std::vector<storage::CollectionId> stored;
  std::map<storage::CollectionId, std::shared_ptr<IndexReader>> indexed;
};

// Until all that these read, through views too, has its first snapshot.
void wait_readable(SessionState& session, const std::vector<catalog::ItemId>& reads);

// What to read; waits as above.
ReadSet read_set(SessionState& session, const std::vector<catalog::ItemId>& reads);

struct ReadTime {
  Timestamp time = 0;
  std::vector<storage::ReadHoldPtr> holds;  // of a read outside a transaction block
  std::vector<std::shared_ptr<void>> index_holds;
};

// Chooses the time (the transaction's, if it has one already), holds it and waits until every input has reached it.
// `as_of`: that time, or an error that names what is readable.
ReadTime choose_read_time(SessionState& session, const ReadSet& reads,
                          std::optional<Timestamp> as_of = std::nullopt, bool at_least = false);

// Evaluates the time of AS OF and UP TO: a constant castable to mz_timestamp.
Timestamp evaluate_time(SessionState& session, const ast::Expression& expression);

// Snapshots at one time, with the transaction's own writes on top.
class SessionInputs final : public OnceInputs {
 public:
  SessionInputs(SessionState& session, const ReadSet& reads, Timestamp time);
  storage::Snapshot snapshot(storage::CollectionId collection) override;

 private:
  std::map<storage::CollectionId, storage::Snapshot> snapshots_;
};

}  // namespace tailrace::engine
