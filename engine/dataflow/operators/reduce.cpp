// Reduce: a row per group: key, then aggregates; no aggregates: DISTINCT.
//
// A group's row is a function of what is remembered of the group: its count, an accumulator for
// each linear aggregate, its values in order for the others. At each time of a step, for the groups
// that change then:
//
//   out = row(group after) - row(group before), and nothing where they are equal
//
// so a change costs what its groups' rows cost: O(1) for linear aggregates, O(log n) for min and
// max, O(group) for those which are computed from the whole group.
#include "engine/dataflow/aggregate_state.hpp"
#include "engine/dataflow/computed_columns.hpp"
#include "engine/dataflow/counted_groups.hpp"
#include "engine/dataflow/group_window.hpp"
#include "engine/dataflow/operators/operators.hpp"
#include "engine/operators/run.hpp"

namespace tailrace::engine {

namespace {

constexpr std::size_t emit_groups = 32768;

class Reduce final : public Operator {
 public:
  Reduce(const plan::Reduce& node, std::vector<Type> input_types)
      : key_(node.group_key, input_types.size()) {
    std::size_t payload_bytes = 0;
    for (const plan::Aggregate& aggregate : node.aggregates) {
      aggregates_.push_back(
          make_aggregate_state(aggregate, input_types, key_.types(), payload_bytes));
    }
    output_types_ = key_.types();
    for (const plan::Aggregate& aggregate : node.aggregates)
      output_types_.push_back(aggregate.type);
    groups_ = std::make_unique<CountedGroups>(key_.types(), Equality::sql, payload_bytes);
  }

  void push(std::size_t, const Batch& rows) override {
    if (step().bulk) {
      absorb(rows, step().upper - 1, nullptr);
    } else {
      waiting_.push_back(rows);
    }
  }

  void flush() override {
    if (step().bulk) {
      for (const auto& aggregate : aggregates_) aggregate->settle(*groups_);
      std::vector<GroupId> all;
      groups_->for_each([&](GroupId id) { all.push_back(id); });
      for (std::size_t first = 0; first < all.size(); first += emit_groups) {
        const auto some = std::span(all).subspan(first, std::min(emit_groups, all.size() - first));
        emit_difference(GroupRows(), rows_of(some, representatives(some)), some.size(),
                        step().upper - 1);
      }
      for (const GroupId id : all) groups_->remove_if_empty(id);
      return;
    }
    for (const auto& [time, rows] : split_by_time(waiting_)) {
      absorb(rows, time,
             [&, time = time](std::span<const GroupId> touched, const Batch& keys, auto&& apply) {
               const GroupRows before = rows_of(touched, keys);
               apply();
               const GroupRows after = rows_of(touched, keys);
               emit_difference(before, after, touched.size(), time);
               for (const GroupId id : touched) groups_->remove_if_empty(id);
             });
    }
    waiting_.clear();
  }

  std::size_t memory_bytes() const override {
    std::size_t bytes = groups_->memory_bytes();
    for (const auto& aggregate : aggregates_) bytes += aggregate->memory_bytes();
    return bytes;
  }
  std::size_t arranged_rows() const override {
    std::size_t rows = groups_->size();
    for (const auto& aggregate : aggregates_) rows += aggregate->arranged_rows();
    return rows;
  }

 private:
  // The output rows of some groups, one each, in their order.
  struct GroupRows {
    Batch rows;
    std::vector<bool> present;
    std::vector<std::pair<std::size_t, DataError>> errors;  // in place of the row, ascending
  };
  using Around = std::function<void(std::span<const GroupId> touched, const Batch& keys,
                                    const std::function<void()>& apply)>;

  // Adds rows to the groups. `around` (if any) is given the groups and calls what changes them.
  void absorb(const Batch& given, Timestamp time, const Around& around) {
    // 1. Keys and arguments; a row for which one fails is an error instead, in whatever group it
    // were.
    ErrorCollector errors;
    Batch rows = key_.extend(given, errors);
    for (bool failed = true; failed;) {
      failed = false;
      for (const auto& aggregate : aggregates_) {
        const std::vector<std::uint32_t> good = aggregate->prepare(rows, errors);
        if (good.size() == rows.rows) continue;
        rows = gather(rows, good);
        failed = true;
        break;
      }
    }
    Batch errors_found = errors.take();
    if (!errors_found.empty()) emit_errors(errors_found.with_time(time));
    if (rows.empty()) return;
    // 2. Groups.
    const Batch keys = rows.project(key_.positions());
    std::vector<GroupId> ids;
    groups_->find_or_add(keys, ids);
    const auto apply = [&] {
      for (std::size_t row = 0; row < rows.rows; ++row)
        groups_->add(ids[row], keys, row, rows.diffs[row]);
      for (const auto& aggregate : aggregates_) aggregate->apply(rows, keys, ids, *groups_);
    };
    if (!around) return apply();
    std::vector<GroupId> touched;
    std::vector<std::uint32_t> first_rows;
    if (marks_.size() < *std::max_element(ids.begin(), ids.end()) + std::size_t(1)) {
      marks_.resize(std::max<std::size_t>(
          marks_.size() * 2, *std::max_element(ids.begin(), ids.end()) + std::size_t(1)));
    }
    for (std::uint32_t row = 0; row < ids.size(); ++row) {
      if (marks_[ids[row]]) continue;
      marks_[ids[row]] = true;
      touched.push_back(ids[row]);
      first_rows.push_back(row);
    }
    for (const GroupId id : touched) marks_[id] = false;
    around(touched, gather(keys, first_rows), apply);
  }

  Batch representatives(std::span<const GroupId> groups) const {
    BatchBuilder keys(key_.types());
    for (const GroupId id : groups) {
      groups_->append_key(id, keys);
      keys.end_row(0, 1);
    }
    return keys.finish();
  }

  // `keys` holds a key of each group.
  GroupRows rows_of(std::span<const GroupId> groups, const Batch& keys) {
    GroupRows result;
    result.present.resize(groups.size());
    std::vector<std::optional<DataError>> errors(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const Diff count = groups_->count(groups[i]);
      result.present[i] = count > 0;
      if (count < 0) errors[i] = retraction_error(count);
    }
    result.rows = representatives(groups);
    for (const auto& aggregate : aggregates_) {
      result.rows.columns.push_back(
          aggregate->results(groups, keys, result.present, *groups_, errors));
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!errors[i]) continue;
      result.present[i] = false;
      result.errors.emplace_back(i, std::move(*errors[i]));
    }
    return result;
  }

  void emit_difference(const GroupRows& before, const GroupRows& after, std::size_t count,
                       Timestamp time) {
    BatchBuilder out(output_types_);
    for (std::size_t i = 0; i < count; ++i) {
      const bool was = !before.present.empty() && before.present[i];
      const bool is = after.present[i];
      if (was && is && equal_rows(before.rows, i, {}, after.rows, i, {}, Equality::identity))
        continue;
      if (was) out.append_from(before.rows, i, time, -1);
      if (is) out.append_from(after.rows, i, time, 1);
    }
    emit(out.finish());
    ErrorCollector errors;
    for (const auto& [i, error] : before.errors) errors.add(error, time, -1);
    for (const auto& [i, error] : after.errors) errors.add(error, time, 1);
    if (!errors.empty()) {
      const Batch changes = consolidate(errors.take());
      emit_errors(changes);
    }
  }

  ComputedColumns key_;
  std::vector<std::unique_ptr<AggregateState>> aggregates_;
  std::vector<Type> output_types_;
  std::unique_ptr<CountedGroups> groups_;
  std::vector<Batch> waiting_;
  std::vector<bool> marks_;  // by group: seen in this batch
};

}  // namespace

OperatorPtr make_reduce(const plan::Reduce& node, std::vector<Type> input_types) {
  return std::make_unique<Reduce>(node, std::move(input_types));
}

}  // namespace tailrace::engine
