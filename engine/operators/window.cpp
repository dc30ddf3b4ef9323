// Functions over partitions: ranks, neighbours, and aggregates over frames.
//
// Rows are settled and ordered by partition and order, ties by identity, so that each row has one
// place; a row that counts n times stands in n places. Then every function is computed partition by
// partition.
#include "engine/functions/window.hpp"

#include <algorithm>

#include "engine/functions/aggregate.hpp"
#include "engine/operators/ranking.hpp"

namespace tailrace::engine {

namespace {

using Frame = plan::Window::Frame;
using Expression = plan::Window::Expression;

// Rows [first, last) of the ordered batch.
struct Partition {
  std::size_t first = 0;
  std::size_t last = 0;
};

// The partition's rows with the same place in the order as a row: [peers_first[i], peers_last[i]).
struct Peers {
  std::vector<std::size_t> first;
  std::vector<std::size_t> last;
};

Batch expanded(const Batch& batch) {
  std::vector<std::uint32_t> rows;
  for (std::size_t row = 0; row < batch.rows; ++row) {
    rows.insert(rows.end(), static_cast<std::size_t>(batch.diffs[row]),
                static_cast<std::uint32_t>(row));
  }
  return gather(batch, rows).with_diff(1).with_time(0);
}

std::vector<Partition> partitions_of(const Batch& rows, const std::vector<int>& key) {
  std::vector<Partition> partitions;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    const bool starts = row == 0 || (!key.empty() && !equal_rows(rows, row - 1, key, rows, row, key,
                                                                 Equality::sql));
    if (starts) partitions.push_back({row, row});
    partitions.back().last = row + 1;
  }
  return partitions;
}

Peers peers_of(const Batch& rows, const std::vector<Partition>& partitions,
               const std::vector<OrderKey>& order_by) {
  Peers peers{std::vector<std::size_t>(rows.rows), std::vector<std::size_t>(rows.rows)};
  for (const Partition& partition : partitions) {
    for (std::size_t first = partition.first; first < partition.last;) {
      std::size_t last = first + 1;
      while (last < partition.last && compare_ordered(rows, first, rows, last, order_by) == 0)
        ++last;
      for (std::size_t row = first; row < last; ++row) {
        peers.first[row] = first;
        peers.last[row] = last;
      }
      first = last;
    }
  }
  return peers;
}

// The rows that the function sees at a row: [first, last), empty if first >= last.
Partition frame_at(const Frame& frame, const Partition& partition, const Peers& peers,
                   std::size_t row) {
  using Bound = Frame::Bound;
  const bool by_rows = frame.unit == Frame::Unit::rows;
  if (frame.unit == Frame::Unit::groups) throw unsupported("GROUPS in window frames");
  const auto back = [&](std::uint64_t offset) {
    if (!by_rows) throw unsupported("RANGE with an offset in window frames");
    return row - partition.first < offset ? partition.first
                                          : row - static_cast<std::size_t>(offset);
  };
  const auto ahead = [&](std::uint64_t offset) {
    if (!by_rows) throw unsupported("RANGE with an offset in window frames");
    return partition.last - row <= offset ? partition.last : row + static_cast<std::size_t>(offset);
  };
  Partition result;
  switch (frame.start) {
    case Bound::unbounded_preceding:
      result.first = partition.first;
      break;
    case Bound::preceding:
      result.first = back(frame.start_offset);
      break;
    case Bound::current_row:
      result.first = by_rows ? row : peers.first[row];
      break;
    case Bound::following:
      result.first = ahead(frame.start_offset);
      break;
    case Bound::unbounded_following:
      result.first = partition.last;
      break;
  }
  switch (frame.end) {
    case Bound::unbounded_preceding:
      result.last = partition.first;
      break;
    case Bound::preceding:
      result.last =
          row - partition.first < frame.end_offset ? partition.first : back(frame.end_offset) + 1;
      break;
    case Bound::current_row:
      result.last = by_rows ? row + 1 : peers.last[row];
      break;
    case Bound::following:
      result.last = std::min(ahead(frame.end_offset) + 1, partition.last);
      break;
    case Bound::unbounded_following:
      result.last = partition.last;
      break;
  }
  return result;
}

// One expression over all rows. `arguments` are its values, row by row.
class WindowColumn {
 public:
  WindowColumn(const Expression& expression, std::vector<ColumnPtr> arguments,
               const std::vector<Partition>& partitions, const Peers& peers, Run& run)
      : expression_(expression),
        arguments_(std::move(arguments)),
        partitions_(partitions),
        peers_(peers),
        run_(run) {}

  ColumnPtr compute() {
    ColumnBuilder out(expression_.type);
    for (const Partition& partition : partitions_) {
      run_.check_cancel();
      if (expression_.aggregate != nullptr) {
        aggregate(partition, out);
      } else {
        function(partition, out);
      }
    }
    return out.finish();
  }

 private:
  void function(const Partition& partition, ColumnBuilder& out) {
    std::int64_t groups = 0;
    for (std::size_t row = partition.first; row < partition.last; ++row) {
      switch (expression_.function->kind) {
        case WindowKind::row_number:
          out.append(static_cast<std::int64_t>(row - partition.first + 1));
          break;
        case WindowKind::rank:
          out.append(static_cast<std::int64_t>(peers_.first[row] - partition.first + 1));
          break;
        case WindowKind::dense_rank:
          if (peers_.first[row] == row) ++groups;
          out.append(groups);
          break;
        case WindowKind::lag:
          neighbour(partition, row, -1, out);
          break;
        case WindowKind::lead:
          neighbour(partition, row, 1, out);
          break;
        case WindowKind::first_value:
        case WindowKind::last_value: {
          const Partition frame = frame_at(expression_.frame, partition, peers_, row);
          const bool first = expression_.function->kind == WindowKind::first_value;
          if (frame.first >= frame.last) {
            out.append_null();
          } else {
            out.append_from(*arguments_[0], first ? frame.first : frame.last - 1);
          }
          break;
        }
      }
    }
  }

  // lag (direction -1) and lead: value, offset, default.
  void neighbour(const Partition& partition, std::size_t row, std::int64_t direction,
                 ColumnBuilder& out) {
    const Column& offsets = *arguments_[1];
    if (offsets.is_null(row)) {
      out.append_null();
      return;
    }
    const std::int64_t distance = direction * offsets.values<std::int32_t>()[row];
    const auto first = static_cast<std::int64_t>(partition.first);
    const auto last = static_cast<std::int64_t>(partition.last);
    auto at = static_cast<std::int64_t>(row);
    if (!expression_.ignore_nulls || distance == 0) {
      at += distance;
    } else {
      const std::int64_t step = distance > 0 ? 1 : -1;
      for (std::int64_t left = distance * step; left > 0;) {
        at += step;
        if (at < first || at >= last) break;
        if (!arguments_[0]->is_null(static_cast<std::size_t>(at))) --left;
      }
    }
    if (at < first || at >= last) {
      out.append_from(*arguments_[2], row);
    } else {
      out.append_from(*arguments_[0], static_cast<std::size_t>(at));
    }
  }

  void aggregate(const Partition& partition, ColumnBuilder& out) {
    switch (expression_.aggregate->kind) {
      case AggregateClass::linear:
        return linear(partition, out);
      case AggregateClass::hierarchical:
        return extreme(partition, out);
      case AggregateClass::whole_group:
        return whole(partition, out);
    }
  }

  bool counts(std::size_t row) const {
    return !expression_.aggregate->ignores_nulls || arguments_.empty() ||
           !arguments_[0]->is_null(row);
  }

  // Frames of neighbouring rows differ by few rows, which are added and taken away.
  void linear(const Partition& partition, ColumnBuilder& out) {
    const AggregateFunction& function = *expression_.aggregate;
    std::vector<std::uint64_t> storage((function.accumulator_bytes + 7) / 8);
    auto* const state = reinterpret_cast<std::byte*>(storage.data());
    Partition held{partition.first, partition.first};
    const auto change = [&](std::size_t first, std::size_t last, Diff diff) {
      std::vector<std::uint32_t> rows;
      for (std::size_t row = first; row < last; ++row) {
        if (counts(row)) rows.push_back(static_cast<std::uint32_t>(row));
      }
      const std::vector<Diff> diffs(rows.size(), diff);
      const std::vector<std::byte*> states(rows.size(), state);
      function.update(arguments_, rows, diffs, states);
    };
    for (std::size_t row = partition.first; row < partition.last; ++row) {
      Partition wanted = frame_at(expression_.frame, partition, peers_, row);
      if (wanted.first >= wanted.last) wanted = {held.last, held.last};
      if (wanted.first >= held.last || wanted.last <= held.first) {  // nothing in common
        change(held.first, held.last, -1);
        change(wanted.first, wanted.last, 1);
      } else {
        if (wanted.first > held.first) change(held.first, wanted.first, -1);
        if (wanted.first < held.first) change(wanted.first, held.first, 1);
        if (wanted.last > held.last) change(held.last, wanted.last, 1);
        if (wanted.last < held.last) change(wanted.last, held.last, -1);
      }
      held = wanted;
      function.finish(state, expression_.type, out);
    }
  }

  void extreme(const Partition& partition, ColumnBuilder& out) {
    const AggregateFunction& function = *expression_.aggregate;
    const Column& values = *arguments_[0];
    bool found = false;
    std::size_t best = 0;
    Partition held{partition.first, partition.first};
    for (std::size_t row = partition.first; row < partition.last; ++row) {
      const Partition frame = frame_at(expression_.frame, partition, peers_, row);
      const bool grows =
          frame.first == held.first && frame.last >= held.last && frame.first < frame.last;
      if (!grows) found = false;
      for (std::size_t at = grows ? held.last : frame.first; at < frame.last; ++at) {
        if (counts(at) && (!found || function.wins(values, at, values, best))) {
          best = at;
          found = true;
        }
      }
      held = frame;
      if (found) {
        out.append_from(values, best);
      } else {
        out.append_null();
      }
    }
  }

  void whole(const Partition& partition, ColumnBuilder& out) {
    for (std::size_t row = partition.first; row < partition.last; ++row) {
      const Partition frame = frame_at(expression_.frame, partition, peers_, row);
      std::vector<std::uint32_t> rows;
      for (std::size_t at = frame.first; at < frame.last; ++at) {
        if (counts(at)) rows.push_back(static_cast<std::uint32_t>(at));
      }
      if (rows.empty()) {
        out.append_null();
        continue;
      }
      std::vector<ColumnPtr> chosen;
      for (const ColumnPtr& argument : arguments_) chosen.push_back(gather(argument, rows));
      expression_.aggregate->compute(chosen, expression_.type, out);
    }
  }

  const Expression& expression_;
  std::vector<ColumnPtr> arguments_;
  const std::vector<Partition>& partitions_;
  const Peers& peers_;
  Run& run_;
};

}  // namespace

MorselsPtr open_window(const Plan&, const plan::Window& node, Run& run) {
  // Arguments are computed by the operator below, so that a row that fails is an error there.
  const std::size_t width = node.input->types.size();
  std::vector<ScalarPtr> maps;
  std::vector<std::vector<int>> places;
  for (const Expression& expression : node.expressions) {
    std::vector<int>& place = places.emplace_back();
    for (const ScalarPtr& argument : expression.arguments) {
      if (const auto* reference = std::get_if<scalar::Column>(&argument->node)) {
        place.push_back(reference->index);
      } else {
        place.push_back(static_cast<int>(width + maps.size()));
        maps.push_back(argument);
      }
    }
  }
  const PlanPtr input = map(node.input, std::move(maps));
  const Ranking ranking{.group_key = node.partition_by, .order_by = node.order_by};
  const Batch rows = expanded(rank_all(open(input, run), input->types, ranking, run));
  const std::unique_ptr<HeldMemory> memory = run.hold_memory();
  memory->add(rows.memory_bytes());
  const std::vector<Partition> partitions = partitions_of(rows, node.partition_by);
  const Peers peers = peers_of(rows, partitions, node.order_by);
  Batch result = rows;
  result.columns.resize(width);
  for (std::size_t i = 0; i < node.expressions.size(); ++i) {
    std::vector<ColumnPtr> arguments;
    for (const int place : places[i])
      arguments.push_back(rows.columns[static_cast<std::size_t>(place)]);
    result.columns.push_back(
        WindowColumn(node.expressions[i], std::move(arguments), partitions, peers, run).compute());
  }
  return morsels_of({std::move(result)}, run);
}

}  // namespace tailrace::engine
