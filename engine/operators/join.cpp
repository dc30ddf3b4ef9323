// Inner join of n inputs: the largest streams, the others stand in hash tables, which it probes one
// after the other.
//
// Order: from the largest input on, always the smallest input that shares a class with those joined
// so far; one that shares none is a cross product and comes as late as it can.
#include <algorithm>
#include <optional>

#include "engine/operators/join_table.hpp"
#include "engine/operators/run.hpp"
#include "engine/operators/settle.hpp"

namespace tailrace::engine {

namespace {

constexpr std::size_t pairs_per_batch = 32 << 10;

// An input with its keys as columns of its own.
struct JoinInput {
  PlanPtr plan;           // the input, then the keys that are no plain columns
  std::size_t width = 0;  // without these
  std::vector<std::optional<int>>
      key_of_class;                        // the column of this plan that stands for the class
  std::vector<std::pair<int, int>> equal;  // columns that must be equal in each row
};

// Rows without NULL in any key, whose keys of one class are equal.
Batch joinable(const JoinInput& input, Batch batch) {
  std::vector<const Column*> not_null;
  const auto require = [&](int column) {
    const Column& values = *batch.columns[static_cast<std::size_t>(column)];
    if (values.has_nulls()) not_null.push_back(&values);
  };
  for (const std::optional<int>& key : input.key_of_class) {
    if (key) require(*key);
  }
  for (const auto& [a, b] : input.equal) require(b);
  if (not_null.empty() && input.equal.empty()) return batch;
  std::vector<std::uint32_t> staying;
  for (std::size_t row = 0; row < batch.rows; ++row) {
    const bool null = std::any_of(not_null.begin(), not_null.end(),
                                  [&](auto* column) { return column->is_null(row); });
    if (null) continue;
    const bool equal = std::all_of(input.equal.begin(), input.equal.end(), [&](const auto& pair) {
      const Column& a = *batch.columns[static_cast<std::size_t>(pair.first)];
      const Column& b = *batch.columns[static_cast<std::size_t>(pair.second)];
      return !a.is_null(row) && equal_values(a, row, b, row, Equality::sql);
    });
    if (equal) staying.push_back(static_cast<std::uint32_t>(row));
  }
  return staying.size() == batch.rows ? batch : gather(batch, staying);
}

// One hash table to probe; its columns come after those joined so far.
struct JoinStage {
  std::vector<JoinTable> tables;
  std::vector<int> probe_key;    // columns of what is joined so far
  std::vector<bool> keep_probe;  // columns that are still wanted afterwards
  std::vector<bool> keep_table;
};

PerRow<Diff> multiply(const Batch& a, std::span<const std::uint32_t> a_rows, const Batch& b,
                      std::span<const std::uint32_t> b_rows) {
  if (a.diffs.is_uniform() && b.diffs.is_uniform()) {
    return PerRow<Diff>::uniform(a.diffs.uniform_value() * b.diffs.uniform_value());
  }
  std::vector<Diff> products(a_rows.size());
  for (std::size_t i = 0; i < a_rows.size(); ++i)
    products[i] = a.diffs[a_rows[i]] * b.diffs[b_rows[i]];
  return PerRow<Diff>::each(std::move(products));
}

class JoinMorsels final : public Morsels {
 public:
  JoinMorsels(JoinInput driver, MorselsPtr driver_rows, std::vector<JoinStage> stages,
              std::vector<int> output, bool tables_retract, std::unique_ptr<HeldMemory> memory,
              Run& run)
      : driver_(std::move(driver)),
        driver_rows_(std::move(driver_rows)),
        stages_(std::move(stages)),
        output_(std::move(output)),
        tables_retract_(tables_retract),
        memory_(std::move(memory)),
        run_(run) {}

  std::size_t count() const override { return driver_rows_->count(); }
  std::size_t rows_estimate() const override { return driver_rows_->rows_estimate(); }
  bool may_retract(std::size_t morsel) const override {
    return tables_retract_ || driver_rows_->may_retract(morsel);
  }
  void produce(std::size_t morsel, const BatchConsumer& consume) override {
    driver_rows_->produce(morsel, [&](Batch batch) {
      batch = joinable(driver_, std::move(batch));
      if (batch.rows > 0) probe(0, batch, consume);
    });
  }

 private:
  void probe(std::size_t stage_index, const Batch& batch, const BatchConsumer& consume) {
    if (stage_index == stages_.size()) {
      consume(batch.project(output_));
      return;
    }
    const JoinStage& stage = stages_[stage_index];
    std::vector<std::uint64_t> hashes;
    if (!stage.probe_key.empty()) hash_rows(batch, stage.probe_key, Equality::sql, hashes);
    std::vector<std::uint32_t> probe_rows;
    std::vector<std::uint32_t> table_rows;
    for (const JoinTable& table : stage.tables) {
      for (std::size_t row = 0; row < batch.rows;) {
        probe_rows.clear();
        table_rows.clear();
        row = table.probe(batch, stage.probe_key, hashes, row, pairs_per_batch, probe_rows,
                          table_rows);
        run_.check_cancel();
        // One probe row may match any number of rows: they go on in pieces.
        for (std::size_t first = 0; first < probe_rows.size(); first += pairs_per_batch) {
          const std::size_t count = std::min(pairs_per_batch, probe_rows.size() - first);
          probe(stage_index + 1,
                pair(stage, batch, std::span(probe_rows).subspan(first, count), table.rows(),
                     std::span(table_rows).subspan(first, count)),
                consume);
        }
      }
    }
  }

  static Batch pair(const JoinStage& stage, const Batch& probe,
                    std::span<const std::uint32_t> probe_rows, const Batch& table,
                    std::span<const std::uint32_t> table_rows) {
    Batch result;
    result.rows = probe_rows.size();
    result.diffs = multiply(probe, probe_rows, table, table_rows);
    for (std::size_t i = 0; i < probe.columns.size(); ++i) {
      result.columns.push_back(stage.keep_probe[i] ? gather(probe.columns[i], probe_rows)
                                                   : nullptr);
    }
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      result.columns.push_back(stage.keep_table[i] ? gather(table.columns[i], table_rows)
                                                   : nullptr);
    }
    return result;
  }

  const JoinInput driver_;
  MorselsPtr driver_rows_;
  std::vector<JoinStage> stages_;
  const std::vector<int> output_;
  bool tables_retract_;
  std::unique_ptr<HeldMemory> memory_;
  Run& run_;
};

// The input that the scalar is over; -1: no column.
int input_of(const ScalarPtr& scalar, const std::vector<std::size_t>& firsts) {
  std::vector<bool> used;
  collect_columns(scalar, used);
  for (std::size_t column = 0; column < used.size(); ++column) {
    if (!used[column]) continue;
    const auto after = std::upper_bound(firsts.begin(), firsts.end(), column);
    return static_cast<int>(after - firsts.begin()) - 1;
  }
  return -1;
}

std::vector<JoinInput> prepare(const plan::Join& node, const std::vector<std::size_t>& firsts) {
  std::vector<JoinInput> inputs(node.inputs.size());
  std::vector<std::vector<ScalarPtr>> maps(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i].width = node.inputs[i]->types.size();
    inputs[i].key_of_class.resize(node.equivalences.size());
  }
  for (std::size_t class_index = 0; class_index < node.equivalences.size(); ++class_index) {
    const std::vector<ScalarPtr>& scalars = node.equivalences[class_index];
    if (scalars.size() < 2) continue;
    int home = 0;  // of scalars without columns: they join the first that has one
    for (const ScalarPtr& scalar : scalars) {
      const int over = input_of(scalar, firsts);
      if (over >= 0) {
        home = over;
        break;
      }
    }
    for (const ScalarPtr& scalar : scalars) {
      const int over = input_of(scalar, firsts);
      const auto index = static_cast<std::size_t>(over < 0 ? home : over);
      JoinInput& input = inputs[index];
      const ScalarPtr local =
          shift_columns(scalar, -static_cast<int>(over < 0 ? 0 : firsts[index]));
      int column;
      if (const auto* reference = std::get_if<scalar::Column>(&local->node)) {
        column = reference->index;
      } else {
        column = static_cast<int>(input.width + maps[index].size());
        maps[index].push_back(local);
      }
      std::optional<int>& key = input.key_of_class[class_index];
      if (!key) {
        key = column;
      } else if (*key != column) {
        input.equal.emplace_back(*key, column);
      }
    }
  }
  for (std::size_t i = 0; i < inputs.size(); ++i)
    inputs[i].plan = map(node.inputs[i], std::move(maps[i]));
  return inputs;
}

// Which inputs, in which order.
std::vector<std::size_t> choose_order(const std::vector<JoinInput>& inputs,
                                      const std::vector<MorselsPtr>& rows) {
  std::vector<std::size_t> left(inputs.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
  const auto size = [&](std::size_t input) { return rows[input]->rows_estimate(); };
  const auto largest =
      std::max_element(left.begin(), left.end(), [&](auto a, auto b) { return size(a) < size(b); });
  std::vector<std::size_t> order = {*largest};
  left.erase(largest);
  const auto connected = [&](std::size_t input) {
    for (const std::size_t joined : order) {
      for (std::size_t i = 0; i < inputs[input].key_of_class.size(); ++i) {
        if (inputs[input].key_of_class[i] && inputs[joined].key_of_class[i]) return true;
      }
    }
    return false;
  };
  while (!left.empty()) {
    const auto best = std::min_element(left.begin(), left.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(!connected(a), size(a)) < std::pair(!connected(b), size(b));
    });
    order.push_back(*best);
    left.erase(best);
  }
  return order;
}

// Hash tables of bounded size: rows and bytes of a column fit 32 bits. Settled: rows that changed
// again and again would meet each other in all their versions, table by table.
std::vector<JoinTable> build_tables(const JoinInput& input, MorselsPtr rows,
                                    const std::vector<int>& key, bool& retracts, HeldMemory& memory,
                                    Run& run) {
  const std::shared_ptr<Settled> settled = settle(std::move(rows), input.plan->types, run);
  std::vector<Batch> batches;
  const auto add = [&](Batch batch) {
    batch = joinable(input, std::move(batch));
    if (batch.rows > 0) batches.push_back(batch.with_time(0));
  };
  for (Batch& batch : run.collect(*settled)) add(std::move(batch));
  if (Batch left_over = settled->left_over(); left_over.rows > 0) add(std::move(left_over));
  std::vector<JoinTable> tables;
  std::vector<Batch> part;
  std::size_t part_bytes = 0;
  const auto finish_part = [&] {
    if (part.empty()) return;
    tables.emplace_back(concatenate(part), key);
    memory.add(tables.back().memory_bytes());
    part.clear();
    part_bytes = 0;
  };
  constexpr std::size_t part_bytes_max = std::size_t{3} << 30;
  for (Batch& batch : batches) {
    retracts = retracts || has_negative_diff(batch);
    if (part_bytes + batch.memory_bytes() > part_bytes_max) finish_part();
    part_bytes += batch.memory_bytes();
    part.push_back(std::move(batch));
  }
  finish_part();
  return tables;
}

}  // namespace

MorselsPtr open_join(const plan::Join& node, const std::vector<bool>& demanded, Run& run) {
  std::vector<std::size_t> firsts;
  std::size_t width = 0;
  for (const PlanPtr& input : node.inputs) {
    firsts.push_back(width);
    width += input->types.size();
  }
  const std::vector<JoinInput> inputs = prepare(node, firsts);
  std::vector<MorselsPtr> rows;
  for (const JoinInput& input : inputs) rows.push_back(open(input.plan, run));
  const std::vector<std::size_t> order = choose_order(inputs, rows);

  // Where the columns of each input stand once it is joined.
  std::vector<std::size_t> places(inputs.size());
  std::size_t joined_width = 0;
  for (const std::size_t input : order) {
    places[input] = joined_width;
    joined_width += inputs[input].plan->types.size();
  }
  std::vector<int> output(width);
  std::vector<bool> wanted(joined_width);
  for (std::size_t input = 0; input < inputs.size(); ++input) {
    for (std::size_t i = 0; i < inputs[input].width; ++i) {
      output[firsts[input] + i] = static_cast<int>(places[input] + i);
      if (demanded.empty() || demanded[firsts[input] + i]) wanted[places[input] + i] = true;
    }
  }

  auto memory = run.hold_memory();
  bool tables_retract = false;
  std::vector<JoinStage> stages(order.size() - 1);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const JoinInput& input = inputs[order[i]];
    std::vector<int> table_key;
    for (std::size_t class_index = 0; class_index < input.key_of_class.size(); ++class_index) {
      if (!input.key_of_class[class_index]) continue;
      for (std::size_t j = 0; j < i; ++j) {
        const std::optional<int>& other = inputs[order[j]].key_of_class[class_index];
        if (!other) continue;
        stages[i - 1].probe_key.push_back(static_cast<int>(places[order[j]]) + *other);
        table_key.push_back(*input.key_of_class[class_index]);
        break;
      }
    }
    stages[i - 1].tables =
        build_tables(input, std::move(rows[order[i]]), table_key, tables_retract, *memory, run);
  }
  // From the last stage back: what a later one asks for must be kept.
  for (std::size_t i = stages.size(); i-- > 0;) {
    const std::size_t table_place = places[order[i + 1]];
    stages[i].keep_probe.assign(wanted.begin(),
                                wanted.begin() + static_cast<std::ptrdiff_t>(table_place));
    const std::size_t table_width = inputs[order[i + 1]].plan->types.size();
    stages[i].keep_table.assign(
        wanted.begin() + static_cast<std::ptrdiff_t>(table_place),
        wanted.begin() + static_cast<std::ptrdiff_t>(table_place + table_width));
    for (const int column : stages[i].probe_key) wanted[static_cast<std::size_t>(column)] = true;
  }
  return std::make_shared<JoinMorsels>(inputs[order[0]], rows[order[0]], std::move(stages),
                                       std::move(output), tables_retract, std::move(memory), run);
}

}  // namespace tailrace::engine
