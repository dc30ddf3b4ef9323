#include "tests/engine/dataflow/naive.hpp"

#include <algorithm>
#include <numeric>

#include "engine/dataflow/arranged_batch.hpp"
#include "engine/expression/evaluate.hpp"
#include "engine/functions/aggregate.hpp"
#include "repr/overloaded.hpp"
#include "repr/row.hpp"

namespace tailrace::engine::test {

namespace {

ColumnPtr value_of(const ScalarPtr& scalar, const Batch& rows) {
  Evaluated evaluated = evaluate(scalar, rows, {});
  if (!evaluated.errors.empty()) throw NaiveError{evaluated.errors.front().second};
  return evaluated.column;
}

Batch only(const Batch& batch, const std::vector<std::uint32_t>& rows) {
  return gather(batch, rows);
}

class Naive {
 public:
  Naive(const std::map<storage::CollectionId, Multiset>& collections, Timestamp time)
      : collections_(collections), time_(time) {}

  Multiset run(const PlanPtr& plan) {
    return std::visit(
        Overloaded{
            [&](const plan::GetCollection& node) { return collections_.at(node.collection); },
            [&](const plan::GetLocal& node) { return locals_.at(node.id); },
            [&](const plan::Constant& node) {
              if (node.error) throw NaiveError{*node.error};
              return multiset_of(*node.rows);
            },
            [&](const plan::MapFilterProject& node) {
              const auto result = apply_at(node, input(node.input), time_, {});
              if (!result.errors.empty()) throw NaiveError{error_at(result.errors, 0)};
              return multiset_of(result.rows);
            },
            [&](const plan::Join& node) { return join(node); },
            [&](const plan::Reduce& node) { return reduce(node, plan->types); },
            [&](const plan::TopK& node) { return top_k(node); },
            [&](const plan::Negate& node) { return multiset_of(input(node.input).negated()); },
            [&](const plan::Threshold& node) {
              Multiset rows = run(node.input);
              std::erase_if(rows, [](const auto& row) { return row.second < 0; });
              return rows;
            },
            [&](const plan::Union& node) {
              Multiset all;
              for (const PlanPtr& child : node.inputs) {
                for (const auto& [row, diff] : run(child)) {
                  if ((all[row] += diff) == 0) all.erase(row);
                }
              }
              return all;
            },
            [&](const plan::Let& node) {
              locals_[node.id] = run(node.value);
              return run(node.body);
            },
            [&](const auto&) -> Multiset {
              throw unsupported("this node in the naive evaluation");
            },
        },
        plan->node);
  }

 private:
  Batch input(const PlanPtr& plan) { return batch_of(run(plan), plan->types); }

  Multiset join(const plan::Join& node) {
    Batch all = input(node.inputs[0]);
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const Batch right = input(node.inputs[i]);
      std::vector<std::uint32_t> left_rows, right_rows;
      std::vector<Diff> diffs;
      for (std::uint32_t l = 0; l < all.rows; ++l) {
        for (std::uint32_t r = 0; r < right.rows; ++r) {
          left_rows.push_back(l), right_rows.push_back(r);
          diffs.push_back(all.diffs[l] * right.diffs[r]);
        }
      }
      Batch product = only(all, left_rows);
      for (const ColumnPtr& column : only(right, right_rows).columns)
        product.columns.push_back(column);
      product.diffs = PerRow<Diff>::each(std::move(diffs));
      product.times = PerRow<Timestamp>::uniform(0);
      all = product;
    }
    for (const auto& scalars : node.equivalences) {
      std::vector<ColumnPtr> values;
      for (const ScalarPtr& scalar : scalars) values.push_back(value_of(scalar, all));
      std::vector<std::uint32_t> kept;
      for (std::uint32_t row = 0; row < all.rows; ++row) {
        bool equal = true;
        for (const ColumnPtr& value : values) {
          equal = equal && !value->is_null(row) &&
                  equal_values(*values[0], row, *value, row, Equality::sql);
        }
        if (equal) kept.push_back(row);
      }
      all = only(all, kept);
    }
    return multiset_of(all);
  }

  static std::vector<std::vector<std::uint32_t>> groups_of(const Batch& keys) {
    std::vector<std::vector<std::uint32_t>> groups;
    const std::vector<int> columns = all_columns(keys.columns.size());
    for (std::uint32_t row = 0; row < keys.rows; ++row) {
      auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& other) {
        return columns.empty() ||
               equal_rows(keys, other[0], columns, keys, row, columns, Equality::sql);
      });
      if (group == groups.end()) {
        groups.push_back({row});
      } else {
        group->push_back(row);
      }
    }
    return groups;
  }

  Multiset reduce(const plan::Reduce& node, const std::vector<Type>& types) {
    const Batch rows = input(node.input);
    Batch keys;
    keys.rows = rows.rows;
    for (const ScalarPtr& key : node.group_key) keys.columns.push_back(value_of(key, rows));
    BatchBuilder out(types);
    for (const auto& group : groups_of(keys)) {
      Diff count = 0;
      for (const std::uint32_t row : group) count += rows.diffs[row];
      if (count == 0) continue;
      const Batch group_keys = only(keys, group);
      std::size_t smallest = 0;
      for (std::size_t row = 1; row < group.size(); ++row) {
        if (compare_rows(group_keys, row, {}, group_keys, smallest, {}, Equality::identity) < 0)
          smallest = row;
      }
      for (std::size_t c = 0; c < keys.columns.size(); ++c) {
        out.column(c).append_from(*group_keys.columns[c], smallest);
      }
      for (std::size_t a = 0; a < node.aggregates.size(); ++a) {
        aggregate(node.aggregates[a], only(rows, group), out.column(keys.columns.size() + a));
      }
      out.end_row(0, 1);
    }
    return multiset_of(out.finish());
  }

  void aggregate(const plan::Aggregate& aggregate, Batch rows, ColumnBuilder& out) {
    const auto keep = [&](auto&& wanted) {
      std::vector<std::uint32_t> kept;
      for (std::uint32_t row = 0; row < rows.rows; ++row) {
        if (wanted(row)) kept.push_back(row);
      }
      rows = only(rows, kept);
    };
    if (aggregate.filter) {
      const ColumnPtr filter = value_of(aggregate.filter, rows);
      keep([&](std::uint32_t row) {
        return !filter->is_null(row) && filter->values<std::uint8_t>()[row] != 0;
      });
    }
    Batch values;
    const auto evaluate_all = [&] {
      values = rows;
      values.columns.clear();
      for (const ScalarPtr& argument : aggregate.arguments)
        values.columns.push_back(value_of(argument, rows));
      for (const auto& order : aggregate.order_by)
        values.columns.push_back(value_of(order.key, rows));
    };
    evaluate_all();
    const std::vector<int> arguments = all_columns(aggregate.arguments.size());
    if (aggregate.function->ignores_nulls && !arguments.empty()) {
      keep([&](std::uint32_t row) {
        return !values.columns[0]->is_null(row);  // only the first argument decides
      });
      evaluate_all();
    }
    // By ORDER BY, then value: equal ones side by side, the smallest by identity first.
    std::vector<OrderKey> keys;
    for (std::size_t i = 0; i < aggregate.order_by.size(); ++i) {
      keys.push_back({static_cast<int>(arguments.size() + i), aggregate.order_by[i].descending,
                      aggregate.order_by[i].nulls_first});
    }
    for (const int column : arguments) keys.push_back({column});
    std::vector<std::uint32_t> order(values.rows);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      if (const int sign = compare_ordered(values, a, values, b, keys)) return sign < 0;
      return compare_rows(values, a, {}, values, b, {}, Equality::identity) < 0;
    });
    values = only(values, order);
    if (aggregate.distinct) {
      std::vector<std::uint32_t> kept;
      for (std::uint32_t row = 0; row < values.rows; ++row) {
        const bool known = std::any_of(kept.begin(), kept.end(), [&](std::uint32_t other) {
          return equal_rows(values, other, arguments, values, row, arguments, Equality::sql);
        });
        if (!known) kept.push_back(row);
      }
      values = only(values, kept).with_diff(1);
    }
    const AggregateFunction& function = *aggregate.function;
    try {
      if (function.kind == AggregateClass::linear) {
        std::vector<std::max_align_t> state(function.accumulator_bytes / sizeof(std::max_align_t) +
                                            1);
        std::memset(state.data(), 0, state.size() * sizeof(std::max_align_t));
        std::vector<std::uint32_t> all(values.rows);
        std::iota(all.begin(), all.end(), 0);
        std::vector<Diff> diffs;
        for (std::size_t row = 0; row < values.rows; ++row) diffs.push_back(values.diffs[row]);
        const std::vector<std::byte*> states(values.rows,
                                             reinterpret_cast<std::byte*>(state.data()));
        function.update(std::span(values.columns).first(arguments.size()), all, diffs, states);
        function.finish(reinterpret_cast<const std::byte*>(state.data()), aggregate.type, out);
      } else if (function.kind == AggregateClass::hierarchical) {
        if (values.rows == 0) return out.append_null();
        std::size_t best = 0;
        for (std::size_t row = 1; row < values.rows; ++row) {
          if (function.wins(*values.columns[0], row, *values.columns[0], best)) best = row;
        }
        out.append_from(*values.columns[0], best);
      } else {
        std::vector<std::uint32_t> expanded;
        for (std::uint32_t row = 0; row < values.rows; ++row) {
          for (Diff i = 0; i < values.diffs[row]; ++i) expanded.push_back(row);
        }
        const Batch all = only(values, expanded);
        function.compute(std::span(all.columns).first(arguments.size()), aggregate.type, out);
      }
    } catch (const SqlError& error) {
      throw NaiveError{DataError::from(error)};
    }
  }

  Multiset top_k(const plan::TopK& node) {
    const Batch rows = input(node.input);
    std::vector<std::uint32_t> taken;
    for (auto group :
         groups_of(node.group_key.empty() ? rows.project({}) : rows.project(node.group_key))) {
      std::sort(group.begin(), group.end(), [&](std::uint32_t a, std::uint32_t b) {
        if (const int sign = compare_ordered(rows, a, rows, b, node.order_by)) return sign < 0;
        return compare_rows(rows, a, {}, rows, b, {}, Equality::identity) < 0;
      });
      std::uint64_t place = 0;
      for (const std::uint32_t row : group) {
        for (Diff i = 0; i < rows.diffs[row]; ++i, ++place) {
          if (place >= node.offset && (!node.limit || place < node.offset + *node.limit))
            taken.push_back(row);
        }
      }
    }
    return multiset_of(only(rows, taken).with_diff(1));
  }

  const std::map<storage::CollectionId, Multiset>& collections_;
  Timestamp time_;
  std::map<LocalId, Multiset> locals_;
};

}  // namespace

Multiset multiset_of(const Batch& batch) {
  Multiset rows;
  const std::vector<int> columns = all_columns(batch.columns.size());
  for (std::size_t row = 0; row < batch.rows; ++row) {
    std::string bytes;
    encode_row(batch, row, columns, bytes);
    if ((rows[bytes] += batch.diffs[row]) == 0) rows.erase(bytes);
  }
  return rows;
}

Batch batch_of(const Multiset& rows, const std::vector<Type>& types) {
  BatchBuilder builder(types);
  for (const auto& [bytes, diff] : rows) {
    decode_row(bytes, types, builder);
    builder.end_row(0, diff);
  }
  return builder.finish();
}

Multiset evaluate_naively(const PlanPtr& plan,
                          const std::map<storage::CollectionId, Multiset>& collections,
                          Timestamp time) {
  return Naive(collections, time).run(plan);
}

}  // namespace tailrace::engine::test
