#include "engine/dataflow/aggregate_state.hpp"

#include <algorithm>
#include <unordered_map>

#include "engine/dataflow/arranged_batch.hpp"
#include "engine/dataflow/ordered_rows.hpp"
#include "engine/expression/evaluate.hpp"
#include "engine/operators/run.hpp"

namespace tailrace::engine {

std::vector<std::uint32_t> AggregateState::prepare(const Batch& rows, ErrorCollector& errors) {
  std::vector<bool> failed(rows.rows);
  bool any_failed = false;
  const auto note = [&](const RowErrors& found, const std::vector<std::uint32_t>* origin) {
    for (const auto& [row, error] : found) {
      const std::uint32_t at = origin ? (*origin)[row] : row;
      if (failed[at]) continue;
      failed[at] = any_failed = true;
      errors.add(error, rows.times[at], rows.diffs[at]);
    }
  };
  // 1. The filter decides which rows count; arguments are evaluated for those only.
  counted_.clear();
  if (aggregate_.filter) {
    const Evaluated filter = evaluate(aggregate_.filter, rows, {});
    note(filter.errors, nullptr);
    const auto values = filter.column->values<std::uint8_t>();
    for (std::uint32_t row = 0; row < rows.rows; ++row) {
      if (!filter.column->is_null(row) && values[row] != 0 && !failed[row]) counted_.push_back(row);
    }
  } else {
    for (std::uint32_t row = 0; row < rows.rows; ++row) counted_.push_back(row);
  }
  // 2. Arguments and ORDER BY keys.
  const bool all = counted_.size() == rows.rows;
  const Batch subset = all ? rows : gather(rows, counted_);
  values_.clear();
  const auto add = [&](const ScalarPtr& scalar) {
    if (const auto* plain = std::get_if<scalar::Column>(&scalar->node)) {
      values_.push_back(subset.columns[static_cast<std::size_t>(plain->index)]);
      return;
    }
    Evaluated value = evaluate(scalar, subset, {});
    note(value.errors, &counted_);
    values_.push_back(std::move(value.column));
  };
  for (const ScalarPtr& argument : aggregate_.arguments) add(argument);
  for (const auto& order : aggregate_.order_by) add(order.key);
  std::vector<std::uint32_t> good;
  for (std::uint32_t row = 0; row < rows.rows; ++row) {
    if (!failed[row]) good.push_back(row);
  }
  if (any_failed) return good;
  // 3. NULLs.
  if (!aggregate_.function->ignores_nulls || aggregate_.arguments.empty()) return good;
  // Only the first argument decides; a separator that is NULL is the function's own matter.
  std::vector<std::uint32_t> kept;
  for (std::uint32_t i = 0; i < counted_.size(); ++i) {
    if (!values_[0]->is_null(i)) kept.push_back(i);
  }
  if (kept.size() < counted_.size()) {
    for (ColumnPtr& value : values_) value = gather(value, kept);
    for (std::uint32_t& i : kept) i = counted_[i];
    counted_ = std::move(kept);
  }
  return good;
}

namespace {

class Linear final : public AggregateState {
 public:
  Linear(const plan::Aggregate& aggregate, std::span<const Type> key_types, std::size_t offset)
      : AggregateState(aggregate), offset_(offset) {
    if (!aggregate.distinct) return;
    std::vector<Type> types(key_types.begin(), key_types.end());
    for (const ScalarPtr& argument : aggregate.arguments) types.push_back(argument->type);
    distinct_types_ = types;
    distinct_ = std::make_unique<CountedGroups>(std::move(types), Equality::sql);
  }

  void apply(const Batch& rows, const Batch& keys, std::span<const GroupId> ids,
             CountedGroups& groups) override {
    if (counted_.empty()) return;
    if (distinct_) return apply_distinct(rows, keys, ids, groups);
    std::vector<std::uint32_t> positions(counted_.size());
    std::vector<Diff> diffs(counted_.size());
    std::vector<std::byte*> states(counted_.size());
    for (std::uint32_t i = 0; i < counted_.size(); ++i) {
      positions[i] = i;
      diffs[i] = rows.diffs[counted_[i]];
      states[i] = groups.payload(ids[counted_[i]]) + offset_;
    }
    aggregate_.function->update(std::span(values_).first(aggregate_.arguments.size()), positions,
                                diffs, states);
  }

  ColumnPtr results(std::span<const GroupId> groups, const Batch&, const std::vector<bool>& present,
                    CountedGroups& table, std::vector<std::optional<DataError>>& errors) override {
    ColumnBuilder out(aggregate_.type, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!present[i] || errors[i]) {
        out.append_null();
        continue;
      }
      try {
        aggregate_.function->finish(table.payload(groups[i]) + offset_, aggregate_.type, out);
      } catch (const SqlError& error) {
        errors[i] = DataError::from(error);
        if (out.size() == i) out.append_null();
      }
    }
    return out.finish();
  }
  std::size_t memory_bytes() const override { return distinct_ ? distinct_->memory_bytes() : 0; }
  std::size_t arranged_rows() const override { return distinct_ ? distinct_->size() : 0; }

 private:
  // A value is accumulated once while its count is positive; where it has several identities, by
  // their smallest, so it is taken out before its counts change and put back after.
  void apply_distinct(const Batch& rows, const Batch& keys, std::span<const GroupId> ids,
                      CountedGroups& groups) {
    Batch values = gather(keys, counted_);
    for (std::size_t a = 0; a < aggregate_.arguments.size(); ++a)
      values.columns.push_back(values_[a]);
    std::vector<GroupId> value_ids;
    distinct_->find_or_add(values, value_ids);
    std::unordered_map<GroupId, GroupId> touched;  // value -> group
    for (std::size_t i = 0; i < value_ids.size(); ++i)
      touched.emplace(value_ids[i], ids[counted_[i]]);
    accumulate(touched, groups, -1);
    for (std::size_t i = 0; i < value_ids.size(); ++i)
      distinct_->add(value_ids[i], values, i, rows.diffs[counted_[i]]);
    accumulate(touched, groups, 1);
    for (const auto& [value, group] : touched) distinct_->remove_if_empty(value);
  }

  void accumulate(const std::unordered_map<GroupId, GroupId>& touched, CountedGroups& groups,
                  Diff diff) {
    BatchBuilder builder(distinct_types_);
    std::vector<std::uint32_t> positions;
    std::vector<std::byte*> states;
    for (const auto& [value, group] : touched) {
      if (distinct_->count(value) <= 0) continue;
      positions.push_back(static_cast<std::uint32_t>(states.size()));
      states.push_back(groups.payload(group) + offset_);
      distinct_->append_key(value, builder);
      builder.end_row(0, 1);
    }
    if (states.empty()) return;
    const Batch values = builder.finish();
    const std::vector<Diff> diffs(states.size(), diff);
    aggregate_.function->update(std::span(values.columns).last(aggregate_.arguments.size()),
                                positions, diffs, states);
  }

  std::size_t offset_;
  std::vector<Type> distinct_types_;
  std::unique_ptr<CountedGroups> distinct_;
};

// Both kinds that keep their values in order: columns are the group's key, the arguments, the ORDER
// BY keys.
class Ordered : public AggregateState {
 protected:
  Ordered(const plan::Aggregate& aggregate, std::size_t key_width, OrderedRows::Compare order)
      : AggregateState(aggregate),
        group_(all_columns(key_width)),
        rows_(group_, std::move(order)) {}

  void apply(const Batch& rows, const Batch& keys, std::span<const GroupId>,
             CountedGroups&) override {
    if (counted_.empty()) return;
    const bool all = counted_.size() == rows.rows;
    Batch kept = all ? keys : gather(keys, counted_);
    for (const ColumnPtr& value : values_) kept.columns.push_back(value);
    if (bulk_) {
      rows_.update_later(std::move(kept));
    } else {
      rows_.update(kept);
    }
  }
  void settle(CountedGroups&) override {
    rows_.settle();
    bulk_ = false;
  }
  std::size_t memory_bytes() const override { return rows_.memory_bytes(); }
  std::size_t arranged_rows() const override { return rows_.size(); }

  std::vector<int> group_;
  OrderedRows rows_;
  bool bulk_ = true;  // until the first step's end
};

class Extreme final : public Ordered {
 public:
  Extreme(const plan::Aggregate& aggregate, std::size_t key_width)
      : Ordered(aggregate, key_width, order(*aggregate.function, key_width)) {}

  ColumnPtr results(std::span<const GroupId> groups, const Batch& keys,
                    const std::vector<bool>& present, CountedGroups&,
                    std::vector<std::optional<DataError>>& errors) override {
    ColumnBuilder out(aggregate_.type, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      bool found = false;
      if (present[i] && !errors[i]) {
        rows_.scan(keys, i, group_, [&](const Batch& batch, std::size_t row, Diff count) {
          if (count < 0) {
            errors[i] = retraction_error(count);
            return false;
          }
          out.append_from(*batch.columns[group_.size()], row);
          found = true;
          return false;
        });
      }
      if (!found) out.append_null();
    }
    return out.finish();
  }

 private:
  static OrderedRows::Compare order(const AggregateFunction& function, std::size_t column) {
    return [wins = function.wins, column](const Batch& a, std::size_t row_a, const Batch& b,
                                          std::size_t row_b) {
      const Column& column_a = *a.columns[column];
      const Column& column_b = *b.columns[column];
      if (wins(column_a, row_a, column_b, row_b)) return -1;
      if (wins(column_b, row_b, column_a, row_a)) return 1;
      return compare_values(column_a, row_a, column_b, row_b, Equality::identity);
    };
  }
};

class WholeGroup final : public Ordered {
 public:
  WholeGroup(const plan::Aggregate& aggregate, std::size_t key_width)
      : Ordered(aggregate, key_width, order(aggregate, key_width)) {}

  ColumnPtr results(std::span<const GroupId> groups, const Batch& keys,
                    const std::vector<bool>& present, CountedGroups&,
                    std::vector<std::optional<DataError>>& errors) override {
    ColumnBuilder out(aggregate_.type, groups.size());
    const std::size_t first = group_.size(), count = aggregate_.arguments.size();
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!present[i] || errors[i]) {
        out.append_null();
        continue;
      }
      std::vector<ColumnBuilder> arguments;
      for (const ScalarPtr& argument : aggregate_.arguments) arguments.emplace_back(argument->type);
      CountedGroups seen = distinct_table();
      std::vector<GroupId> id;
      rows_.scan(keys, i, group_, [&](const Batch& batch, std::size_t row, Diff times) {
        if (times < 0) {
          errors[i] = retraction_error(times);
          return false;
        }
        if (aggregate_.distinct) {
          Batch value = slice(batch, row, 1);
          value = value.project(argument_columns());
          seen.find_or_add(value, id);
          if (seen.count(id[0]) > 0) return true;
          seen.add(id[0], value, 0, 1);
          times = 1;
        }
        for (; times > 0; --times) {
          for (std::size_t a = 0; a < count; ++a)
            arguments[a].append_from(*batch.columns[first + a], row);
        }
        return true;
      });
      if (errors[i] || arguments[0].size() == 0) {
        out.append_null();
        continue;
      }
      std::vector<ColumnPtr> columns;
      for (ColumnBuilder& argument : arguments) columns.push_back(argument.finish());
      try {
        aggregate_.function->compute(columns, aggregate_.type, out);
      } catch (const SqlError& error) {
        errors[i] = DataError::from(error);
        if (out.size() == i) out.append_null();
      }
    }
    return out.finish();
  }

 private:
  std::vector<int> argument_columns() const {
    std::vector<int> columns;
    for (std::size_t a = 0; a < aggregate_.arguments.size(); ++a)
      columns.push_back(static_cast<int>(group_.size() + a));
    return columns;
  }
  CountedGroups distinct_table() const {
    std::vector<Type> types;
    for (const ScalarPtr& argument : aggregate_.arguments) types.push_back(argument->type);
    return CountedGroups(std::move(types), Equality::sql);
  }
  // ORDER BY, then the arguments: by SQL order, so that DISTINCT meets equal ones side by side,
  // then by identity.
  static OrderedRows::Compare order(const plan::Aggregate& aggregate, std::size_t key_width) {
    std::vector<OrderKey> keys;
    const std::size_t arguments = aggregate.arguments.size();
    for (std::size_t i = 0; i < aggregate.order_by.size(); ++i) {
      keys.push_back({.column = static_cast<int>(key_width + arguments + i),
                      .descending = aggregate.order_by[i].descending,
                      .nulls_first = aggregate.order_by[i].nulls_first});
    }
    std::vector<int> columns;
    for (std::size_t a = 0; a < arguments; ++a) {
      keys.push_back({.column = static_cast<int>(key_width + a)});
      columns.push_back(static_cast<int>(key_width + a));
    }
    return [keys, columns](const Batch& a, std::size_t row_a, const Batch& b, std::size_t row_b) {
      if (const int order = compare_ordered(a, row_a, b, row_b, keys)) return order;
      return columns.empty()
                 ? 0
                 : compare_rows(a, row_a, columns, b, row_b, columns, Equality::identity);
    };
  }
};

}  // namespace

std::unique_ptr<AggregateState> make_aggregate_state(const plan::Aggregate& aggregate,
                                                     std::span<const Type>,
                                                     std::span<const Type> key_types,
                                                     std::size_t& payload_bytes) {
  switch (aggregate.function->kind) {
    case AggregateClass::linear: {
      payload_bytes = (payload_bytes + 15) / 16 * 16;
      auto state = std::make_unique<Linear>(aggregate, key_types, payload_bytes);
      payload_bytes += aggregate.function->accumulator_bytes;
      return state;
    }
    case AggregateClass::hierarchical:
      return std::make_unique<Extreme>(aggregate, key_types.size());
    case AggregateClass::whole_group:
      return std::make_unique<WholeGroup>(aggregate, key_types.size());
  }
  throw unsupported("this aggregate in a maintained view");
}

}  // namespace tailrace::engine
