// The fused operator over pieces; directly over a collection it reads only the columns used, and
// passes down what its predicates say about ranges of columns.
#include "engine/functions/function.hpp"
#include "engine/operators/run.hpp"

namespace tailrace::engine {

namespace {

class MapFilterProjectMorsels final : public Morsels {
 public:
  MapFilterProjectMorsels(plan::MapFilterProject node, MorselsPtr input, Run& run)
      : node_(std::move(node)), input_(std::move(input)), run_(run) {}

  std::size_t count() const override { return input_->count(); }
  std::size_t rows_estimate() const override {
    return node_.predicates.empty() ? input_->rows_estimate() : input_->rows_estimate() / 4 + 1;
  }
  bool may_retract(std::size_t morsel) const override { return input_->may_retract(morsel); }
  void produce(std::size_t morsel, const BatchConsumer& consume) override {
    input_->produce(morsel, [&](const Batch& batch) {
      MapFilterProjectResult result = apply_at(node_, batch, run_.options().time, run_.context());
      if (result.errors.rows > 0) run_.errors().add(result.errors);
      if (result.rows.rows > 0) consume(std::move(result.rows));
    });
  }

 private:
  const plan::MapFilterProject node_;
  MorselsPtr input_;
  Run& run_;
};

// The columns of the input that anything here uses.
std::vector<bool> used_columns(const plan::MapFilterProject& node, std::size_t width) {
  std::vector<bool> used(width + node.maps.size());
  for (const int column : node.projection) used[static_cast<std::size_t>(column)] = true;
  const auto collect_all = [&](const std::vector<ScalarPtr>& scalars) {
    for (const ScalarPtr& scalar : scalars) collect_columns(scalar, used);
  };
  collect_all(node.predicates);
  collect_all(node.valid_from);
  collect_all(node.valid_until);
  collect_all(node.maps);
  used.resize(width);
  return used;
}

void narrow(std::vector<storage::ColumnRange>& ranges, int column, std::optional<Value> min,
            std::optional<Value> max) {
  ranges.push_back({column, std::move(min), std::move(max)});
}

// column <op> literal, either way round.
void add_range(const ScalarPtr& predicate, std::size_t width,
               std::vector<storage::ColumnRange>& ranges) {
  const auto* call = std::get_if<scalar::Call>(&predicate->node);
  if (call == nullptr || !call->function->is_operator || call->arguments.size() != 2) return;
  const auto* left = std::get_if<scalar::Column>(&call->arguments[0]->node);
  const auto* right = std::get_if<scalar::Column>(&call->arguments[1]->node);
  const auto* column = left != nullptr ? left : right;
  const auto* literal =
      std::get_if<scalar::Literal>(&call->arguments[left != nullptr ? 1 : 0]->node);
  if (column == nullptr || literal == nullptr || is_null(literal->value)) return;
  if (static_cast<std::size_t>(column->index) >= width) return;
  const std::string_view op = call->function->name;
  const bool flipped = left == nullptr;
  if (op == "=") {
    narrow(ranges, column->index, literal->value, literal->value);
  } else if (op == "<" || op == "<=") {
    flipped ? narrow(ranges, column->index, literal->value, std::nullopt)
            : narrow(ranges, column->index, std::nullopt, literal->value);
  } else if (op == ">" || op == ">=") {
    flipped ? narrow(ranges, column->index, std::nullopt, literal->value)
            : narrow(ranges, column->index, literal->value, std::nullopt);
  }
}

// A row outside any of them is dropped, and raises no error by another predicate.
std::vector<storage::ColumnRange> ranges_of(const plan::MapFilterProject& node, std::size_t width) {
  std::vector<storage::ColumnRange> ranges;
  for (const ScalarPtr& predicate : node.predicates) {
    add_range(predicate, width, ranges);
    if (const auto* both = std::get_if<scalar::And>(&predicate->node)) {
      for (const ScalarPtr& operand : both->operands) add_range(operand, width, ranges);
    }
  }
  return ranges;
}

MorselsPtr over_collection(const plan::MapFilterProject& node, const plan::GetCollection& get,
                           Run& run) {
  const std::size_t width = node.input->types.size();
  const std::vector<bool> used = used_columns(node, width);
  std::vector<int> columns;
  std::vector<int> place(width + node.maps.size(), -1);
  for (std::size_t i = 0; i < width; ++i) {
    if (!used[i]) continue;
    place[i] = static_cast<int>(columns.size());
    columns.push_back(static_cast<int>(i));
  }
  for (std::size_t i = 0; i < node.maps.size(); ++i)
    place[width + i] = static_cast<int>(columns.size() + i);
  plan::MapFilterProject narrowed;
  const auto renumber_all = [&](const std::vector<ScalarPtr>& scalars) {
    std::vector<ScalarPtr> renumbered;
    for (const ScalarPtr& scalar : scalars) renumbered.push_back(renumber(scalar, place));
    return renumbered;
  };
  narrowed.maps = renumber_all(node.maps);
  narrowed.predicates = renumber_all(node.predicates);
  narrowed.valid_from = renumber_all(node.valid_from);
  narrowed.valid_until = renumber_all(node.valid_until);
  for (const int column : node.projection)
    narrowed.projection.push_back(place[static_cast<std::size_t>(column)]);
  MorselsPtr scan = open_scan(get, std::move(columns), ranges_of(node, width), run);
  return std::make_shared<MapFilterProjectMorsels>(std::move(narrowed), std::move(scan), run);
}

}  // namespace

MorselsPtr open_map_filter_project(const Plan&, const plan::MapFilterProject& node, Run& run) {
  if (const auto* get = std::get_if<plan::GetCollection>(&node.input->node))
    return over_collection(node, *get, run);
  MorselsPtr input;
  if (const auto* join = std::get_if<plan::Join>(&node.input->node)) {
    input = open_join(*join, used_columns(node, node.input->types.size()), run);
  } else {
    input = open(node.input, run);
  }
  return std::make_shared<MapFilterProjectMorsels>(node, std::move(input), run);
}

}  // namespace tailrace::engine
