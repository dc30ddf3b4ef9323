#include "replication/postgres/key_resolution.hpp"

#include <fmt/format.h>

#include <numeric>
#include <unordered_map>
#include <utility>

#include "repr/order.hpp"
#include "repr/row.hpp"

namespace tailrace::replication {
namespace {

class Resolution {
 public:
  Resolution(const KeyedOperations& changes, const OldRows& old_rows)
      : changes_(changes), old_rows_(old_rows), errors_(changes.errors) {
    all_key_columns_.resize(changes.keys.columns.size());
    std::iota(all_key_columns_.begin(), all_key_columns_.end(), 0);
  }

  KeyedChanges::Resolved run() {
    KeyedChanges::Resolved resolved;
    find_slots();
    look_up();
    for (std::size_t i = 0; i < changes_.operations.size() && !failure_; ++i) apply(i);
    if (failure_) {
      resolved.failure = std::move(failure_);
    } else {
      emit(resolved);
    }
    return resolved;
  }

 private:
  // What stands under a key.
  struct State {
    enum class Kind : std::uint8_t {
      none,
      stored,        // row of stored_
      stored_error,  // of slot.old_error
      row,           // of the operations
      error          // of errors_
    } kind = Kind::none;
    std::size_t index = 0;
  };
  struct Slot {
    std::int32_t key = -1;  // row of the keys
    std::string label;      // known for a key that cannot be held; else made when asked
    bool was_there = false;
    State before;
    State now;
    DataError old_error;
  };
  // A column that keeps its value: where that stands.
  struct Patch {
    int column = 0;
    State from;
  };

  std::size_t slot_of(std::int32_t key, std::int32_t label, bool was_there) {
    std::string bytes;
    if (label >= 0) {
      bytes = '\1' + changes_.labels[static_cast<std::size_t>(label)];
    } else {
      bytes = '\0';
      encode_row(changes_.keys, static_cast<std::size_t>(key), all_key_columns_, bytes);
    }
    const auto [at, is_new] = numbers_.try_emplace(std::move(bytes), slots_.size());
    if (is_new) {
      Slot slot{.key = key, .was_there = was_there};
      if (label >= 0) slot.label = changes_.labels[static_cast<std::size_t>(label)];
      slots_.push_back(std::move(slot));
    }
    return at->second;
  }

  void find_slots() {
    for (const KeyedOperation& operation : changes_.operations) {
      constexpr std::size_t none = ~std::size_t{0};
      std::size_t before = none;
      std::size_t after = none;
      if (operation.old_key >= 0) before = slot_of(operation.old_key, operation.old_label, true);
      if (operation.new_key >= 0) after = slot_of(operation.new_key, operation.new_label, false);
      slots_of_.emplace_back(before, after);
    }
  }

  const std::string& label_of(Slot& slot) {
    if (slot.label.empty()) {
      slot.label = changes_.decoder.key_label(changes_.keys, static_cast<std::size_t>(slot.key));
    }
    return slot.label;
  }

  void look_up() {
    std::vector<std::uint32_t> key_rows;
    std::vector<std::size_t> slots;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (!slots_[i].was_there || !slots_[i].label.empty()) continue;
      key_rows.push_back(static_cast<std::uint32_t>(slots_[i].key));
      slots.push_back(i);
    }
    if (!slots.empty()) {
      const Batch keys = gather(changes_.keys, key_rows);
      const std::vector<std::uint32_t> order = sort_rows_by_identity(keys, all_key_columns_);
      stored_ = consolidate(old_rows_.lookup(gather(keys, order)).with_time(0));
      for (std::size_t row = 0; row < stored_.rows; ++row) {
        const auto number =
            static_cast<std::size_t>(stored_.columns[0]->values<std::int32_t>()[row]);
        Slot& slot = slots_[slots[order[number]]];
        if (stored_.diffs[row] != 1 || slot.before.kind != State::Kind::none) {
          fail(slot, "the key has several rows");
        }
        slot.before = slot.now = {State::Kind::stored, row};
      }
    }
    if (old_rows_.errors.empty()) return;
    for (Slot& slot : slots_) {
      if (!slot.was_there || slot.before.kind != State::Kind::none) continue;
      const auto found = old_rows_.errors.find(label_of(slot));
      if (found == old_rows_.errors.end()) continue;
      slot.old_error = found->second;
      slot.before = slot.now = {State::Kind::stored_error, 0};
    }
  }

  void fail(Slot& slot, std::string_view why) {
    if (failure_) return;
    failure_ = fmt::format("Invalid data in source, {}: {}", why, label_of(slot));
  }

  void apply(std::size_t number) {
    const KeyedOperation& operation = changes_.operations[number];
    const auto [before, after] = slots_of_[number];
    State old;
    if (operation.old_key >= 0) {
      old = std::exchange(slots_[before].now, State());
      if (old.kind == State::Kind::none) {
        return fail(slots_[before], "saw retractions (1) for row that does not exist");
      }
    }
    if (operation.new_key < 0) return;
    Slot& slot = slots_[after];
    if (slot.now.kind != State::Kind::none) return fail(slot, "the key has several rows");
    if (operation.error >= 0) {
      slot.now = {State::Kind::error, static_cast<std::size_t>(operation.error)};
    } else if (operation.unchanged >= 0) {
      slot.now = with_old_values(operation, old, slot);
    } else {
      slot.now = {State::Kind::row, static_cast<std::size_t>(operation.row)};
    }
  }

  State with_old_values(const KeyedOperation& operation, const State& old, Slot& slot) {
    const std::vector<int>& columns =
        changes_.unchanged[static_cast<std::size_t>(operation.unchanged)];
    if (old.kind == State::Kind::stored_error || old.kind == State::Kind::error) {
      errors_.push_back(changes_.decoder.unknown_value(label_of(slot),
                                                       static_cast<std::size_t>(columns.front())));
      return {State::Kind::error, errors_.size() - 1};
    }
    std::vector<Patch>& patches = patches_[static_cast<std::size_t>(operation.row)];
    for (const int column : columns) {
      Patch patch{column, old};
      if (old.kind == State::Kind::row) {
        // The old row may itself have kept it.
        if (const auto kept = patches_.find(old.index); kept != patches_.end()) {
          for (const Patch& other : kept->second) {
            if (other.column == column) patch.from = other.from;
          }
        }
      }
      patches.push_back(patch);
    }
    return {State::Kind::row, static_cast<std::size_t>(operation.row)};
  }

  void emit(KeyedChanges::Resolved& resolved) {
    std::vector<std::uint32_t> gone;
    std::vector<std::uint32_t> come;
    std::vector<std::size_t> patched;
    BatchBuilder errors(error_schema().types());
    for (Slot& slot : slots_) {
      if (slot.now.kind == slot.before.kind && slot.now.index == slot.before.index &&
          slot.now.kind != State::Kind::row && slot.now.kind != State::Kind::error) {
        continue;
      }
      if (slot.before.kind == State::Kind::stored) {
        gone.push_back(static_cast<std::uint32_t>(slot.before.index));
      } else if (slot.before.kind == State::Kind::stored_error) {
        append_error(errors, slot.old_error, 0, -1);
        old_rows_.errors.erase(label_of(slot));
      }
      if (slot.now.kind == State::Kind::row) {
        if (patches_.contains(slot.now.index)) {
          patched.push_back(slot.now.index);
        } else {
          come.push_back(static_cast<std::uint32_t>(slot.now.index));
        }
      } else if (slot.now.kind == State::Kind::error) {
        append_error(errors, errors_[slot.now.index], 0, 1);
        old_rows_.errors.insert_or_assign(label_of(slot), errors_[slot.now.index]);
      }
    }
    resolved.updates = gone.size() + come.size() + patched.size() + errors.size();
    const auto add = [](std::vector<BatchPtr>& to, Batch batch) {
      if (!batch.empty()) to.push_back(std::make_shared<const Batch>(std::move(batch)));
    };
    if (!gone.empty()) {
      Batch rows = gather(stored_, gone);
      rows.columns.erase(rows.columns.begin());
      add(resolved.delta.rows, rows.with_time(0).with_diff(-1));
    }
    if (!come.empty()) add(resolved.delta.rows, gather(changes_.rows, come));
    if (!patched.empty()) add(resolved.delta.rows, patched_rows(patched));
    add(resolved.delta.errors, errors.finish());
  }

  Batch patched_rows(const std::vector<std::size_t>& rows) const {
    BatchBuilder built(changes_.decoder.table().schema.types());
    for (const std::size_t row : rows) {
      std::vector<const Patch*> of_column(built.width(), nullptr);
      for (const Patch& patch : patches_.at(row))
        of_column[static_cast<std::size_t>(patch.column)] = &patch;
      for (std::size_t i = 0; i < built.width(); ++i) {
        const Patch* patch = of_column[i];
        if (patch == nullptr) {
          built.column(i).append_from(*changes_.rows.columns[i], row);
        } else if (patch->from.kind == State::Kind::stored) {
          built.column(i).append_from(*stored_.columns[i + 1], patch->from.index);
        } else {
          built.column(i).append_from(*changes_.rows.columns[i], patch->from.index);
        }
      }
      built.end_row(0, 1);
    }
    return built.finish();
  }

  const KeyedOperations& changes_;
  const OldRows& old_rows_;
  std::vector<int> all_key_columns_;
  std::unordered_map<std::string, std::size_t> numbers_;  // of slots, by the key's canonical bytes
  std::vector<Slot> slots_;
  std::vector<std::pair<std::size_t, std::size_t>> slots_of_;  // of each operation
  Batch stored_;  // rows before, with the number of the looked-up key in front
  std::vector<DataError> errors_;
  std::unordered_map<std::size_t, std::vector<Patch>> patches_;  // by row of the operations
  std::optional<std::string> failure_;
};

}  // namespace

KeyedChanges::Resolved resolve_keys(const KeyedOperations& changes, const OldRows& old_rows) {
  return Resolution(changes, old_rows).run();
}

}  // namespace tailrace::replication
