// The collections that a dataflow reads, from the store and from indexes of its cluster, as one
// stream with one upper.
//
// First the contents at `as_of`, then changes at later times, kept until a step takes them. Holds
// what has yet to be read. One thread at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/dataflow/graph.hpp"
#include "engine/dataflow/shared_arrangement.hpp"
#include "storage/store.hpp"

namespace tailrace::engine {

class DataflowInputs {
 public:
  // The arrangement of an index on this collection, hydrated; null: there is none now.
  using FindIndexOn = std::function<std::shared_ptr<SharedArrangement>(storage::CollectionId)>;

  // Reads from `as_of` on; nothing given: from the latest time that all have reached. If an input's
  // since has passed, begins there. Null: an input is neither in the store nor in an index yet.
  static std::unique_ptr<DataflowInputs> open(storage::Store& store, const FindIndexOn& find_index,
                                              const std::vector<storage::CollectionId>& collections,
                                              std::optional<Timestamp> as_of,
                                              std::function<void()> wake);

  Timestamp as_of() const { return as_of_; }
  // All inputs are complete through as_of.
  bool ready() const;
  // The contents at as_of, in the order of `sources`, in pieces of at most 64 Ki updates with time
  // as_of: false at the end. Sources whose rows are not wanted give errors only.
  struct Piece {
    const Graph::Source* source = nullptr;
    Batch rows;
    Batch errors;
  };
  bool next_piece(const std::vector<Graph::Source>& sources, Piece& piece);

  // Takes in what has come. Throws what the store's listener throws.
  void poll(std::size_t bytes_hint);
  Timestamp upper() const;   // complete below
  bool has_changes() const;  // false: the next step's inputs are empty
  // Calls push(source, rows) and push_errors(source, errors) for the changes before `upper`, and
  // forgets them.
  template <class Push, class PushErrors>
  void take(Timestamp upper, const std::vector<Graph::Source>& sources, Push&& push,
            PushErrors&& push_errors) {
    for (auto& [collection, changes] : collect(upper)) {
      const Graph::Source* first = nullptr;
      for (const Graph::Source& source : sources) {
        if (source.collection != collection) continue;
        for (const storage::ChunkPtr& chunk : changes.rows)
          push(source, read(*chunk, source.columns, upper));
        if (!first) first = &source;
      }
      for (const storage::ChunkPtr& chunk : changes.errors)
        push_errors(*first, read(*chunk, error_columns(), upper));
    }
    lower_ = upper;
  }

 private:
  struct Waiting {
    std::vector<storage::ChunkPtr> rows;
    std::vector<storage::ChunkPtr> errors;
  };
  struct FromIndex {
    storage::CollectionId collection;
    std::shared_ptr<SharedArrangement> arrangement;
    std::unique_ptr<SharedArrangement::Hold> hold;
    std::unique_ptr<SharedArrangement::Follower> follower;
  };
  DataflowInputs() = default;
  std::map<storage::CollectionId, Waiting> collect(Timestamp upper);
  // The rows of the chunk with times in [lower_, upper).
  Batch read(const storage::Chunk& chunk, const std::vector<int>& columns, Timestamp upper) const;
  static const std::vector<int>& error_columns();
  void open_snapshots();
  void start_following();

  storage::Store* store_ = nullptr;
  std::vector<storage::CollectionId> stored_;
  std::vector<FromIndex> indexes_;
  std::function<void()> wake_;
  Timestamp as_of_ = 0;
  std::unique_ptr<storage::Listener> listener_;
  // Hydration:
  std::optional<std::map<storage::CollectionId, storage::Snapshot>> snapshots_;
  std::size_t next_source_ = 0;
  std::size_t next_chunk_ = 0;
  bool errors_given_ = false;
  // Steps:
  Timestamp lower_ = 0;
  Timestamp stored_upper_ = timestamp_max;
  std::map<storage::CollectionId, Waiting>
      waiting_;  // some may be at or after the next step's upper
};

}  // namespace tailrace::engine
