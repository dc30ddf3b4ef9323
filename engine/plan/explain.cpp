#include "engine/plan/explain.hpp"

#include <functional>

#include "engine/functions/aggregate.hpp"
#include "engine/functions/table_function.hpp"
#include "engine/functions/window.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

constexpr std::string_view redacted_literal = "█";

std::string column_name(int index) {
  return "#" + std::to_string(index);
}

// `#0, #2..=#4`: three or more in a row as a range.
std::string column_list(const std::vector<int>& columns) {
  std::string text;
  for (std::size_t i = 0; i < columns.size();) {
    std::size_t last = i;
    while (last + 1 < columns.size() && columns[last + 1] == columns[last] + 1) ++last;
    if (!text.empty()) text += ", ";
    if (last - i >= 2) {
      text += column_name(columns[i]) + "..=" + column_name(columns[last]);
      i = last + 1;
    } else {
      text += column_name(columns[i]);
      ++i;
    }
  }
  return text;
}

std::string value_text(const Type& type, const Value& value) {
  if (is_null(value)) return "null";
  const bool quoted = type.is_string() || type.id() == TypeId::unknown;
  if (type.id() == TypeId::unknown) return "\"" + std::get<std::string>(value) + "\"";
  const std::string text = to_text(type, value, {.flavour = TextFlavour::cast});
  return quoted ? "\"" + text + "\"" : text;
}

class ScalarText {
 public:
  explicit ScalarText(bool redacted) : redacted_(redacted) {}

  std::string of(const ScalarPtr& scalar) const {
    return std::visit([&](const auto& node) { return write(*scalar, node); }, scalar->node);
  }
  std::string list(const std::vector<ScalarPtr>& scalars, std::string_view separator = ", ") const {
    std::string text;
    for (const ScalarPtr& scalar : scalars)
      text += (text.empty() ? std::string() : std::string(separator)) + of(scalar);
    return text;
  }

 private:
  std::string write(const Scalar&, const scalar::Column& node) const {
    return column_name(node.index);
  }
  std::string write(const Scalar& scalar, const scalar::Literal& node) const {
    return redacted_ ? std::string(redacted_literal) : value_text(scalar.type, node.value);
  }
  std::string write(const Scalar&, const scalar::Error& node) const {
    return "error(\"" + node.error.message + "\")";
  }
  std::string write(const Scalar&, const scalar::MzNow&) const { return "mz_now()"; }
  std::string write(const Scalar&, const scalar::Parameter& node) const {
    return "$" + std::to_string(node.number);
  }
  std::string write(const Scalar&, const scalar::And& node) const {
    return "(" + list(node.operands, " AND ") + ")";
  }
  std::string write(const Scalar&, const scalar::Or& node) const {
    return "(" + list(node.operands, " OR ") + ")";
  }
  std::string write(const Scalar&, const scalar::Coalesce& node) const {
    return "coalesce(" + list(node.operands) + ")";
  }
  std::string write(const Scalar&, const scalar::Case& node) const {
    std::string text = "case";
    for (const auto& branch : node.branches)
      text += " when " + of(branch.condition) + " then " + of(branch.result);
    return text + " else " + of(node.otherwise) + " end";
  }
  std::string write(const Scalar&, const scalar::Call& node) const {
    const std::string name(node.function->name);
    const auto& arguments = node.arguments;
    if (node.function->schema == "mz_internal" && arguments.size() == 1) {
      if (name == "not") return "NOT(" + of(arguments[0]) + ")";
      if (name == "isnull") return "(" + of(arguments[0]) + ") IS NULL";
      if (name == "istrue") return "(" + of(arguments[0]) + ") IS TRUE";
      if (name == "isfalse") return "(" + of(arguments[0]) + ") IS FALSE";
    }
    if (node.function->is_operator && arguments.size() == 2) {
      return "(" + of(arguments[0]) + " " + name + " " + of(arguments[1]) + ")";
    }
    return name + "(" + list(arguments) + ")";
  }

  bool redacted_;
};

class PlanText {
 public:
  explicit PlanText(const ExplainOptions& options)
      : options_(options), scalar_(options.redacted), indent_(options.indent) {}

  void write(const PlanPtr& plan) {
    std::visit([&](const auto& node) { write(*plan, node); }, plan->node);
  }
  void line(const std::string& text) {
    out_ += std::string(static_cast<std::size_t>(indent_) * 2, ' ') + text + "\n";
  }
  void deeper(const std::function<void()>& body) {
    ++indent_;
    body();
    --indent_;
  }
  std::string take() { return std::move(out_); }

 private:
  void head(const Plan& plan, std::string text) {
    std::string attributes;
    if (options_.arity) attributes = "arity: " + std::to_string(plan.types.size());
    if (options_.types) {
      std::string types;
      for (std::size_t i = 0; i < plan.types.size(); ++i) {
        types += (i == 0 ? "" : ", ") + plan.types[i].name() + (plan.nullable[i] ? "?" : "");
      }
      attributes += (attributes.empty() ? "" : ", ") + std::string("types: \"(") + types + ")\"";
    }
    if (!attributes.empty()) text += " // { " + attributes + " }";
    line(text);
  }
  void over(const Plan& plan, std::string text, const PlanPtr& input) {
    head(plan, std::move(text));
    deeper([&] { write(input); });
  }

  void write(const Plan& plan, const plan::GetCollection& node) {
    head(plan, "ReadStorage " + node.name);
  }
  void write(const Plan& plan, const plan::GetLocal& node) {
    head(plan, "Get l" + std::to_string(node.id.value));
  }

  void write(const Plan& plan, const plan::Constant& node) {
    if (node.error) return head(plan, "Error \"" + node.error->message + "\"");
    if (node.rows->rows == 0) return head(plan, "Constant <empty>");
    head(plan, "Constant");
    deeper([&] {
      constexpr std::size_t rows_max = 20;
      for (std::size_t row = 0; row < node.rows->rows && row < rows_max; ++row) {
        std::string text;
        for (std::size_t i = 0; i < plan.types.size(); ++i) {
          const Value value = node.rows->columns[i]->value(row);
          text += (i == 0 ? "" : ", ") + (options_.redacted ? std::string(redacted_literal)
                                                            : value_text(plan.types[i], value));
        }
        const Diff diff = node.rows->diffs[row];
        line(diff == 1 ? "- (" + text + ")" : "- ((" + text + ") x " + std::to_string(diff) + ")");
      }
      if (node.rows->rows > rows_max) line("... (" + std::to_string(node.rows->rows) + " rows)");
    });
  }

  void write(const Plan& plan, const plan::MapFilterProject& node) {
    const int before = indent_;
    const std::size_t width = node.input->types.size() + node.maps.size();
    bool identity = node.projection.size() == width;
    for (std::size_t i = 0; identity && i < width; ++i)
      identity = node.projection[i] == static_cast<int>(i);
    const auto step = [&](const std::string& text) {
      head(plan, text);
      ++indent_;
    };
    if (!identity) step("Project (" + column_list(node.projection) + ")");
    std::vector<std::string> predicates;
    for (const ScalarPtr& predicate : node.predicates) predicates.push_back(scalar_.of(predicate));
    for (const ScalarPtr& from : node.valid_from)
      predicates.push_back("(mz_now() >= " + scalar_.of(from) + ")");
    for (const ScalarPtr& until : node.valid_until)
      predicates.push_back("(mz_now() < " + scalar_.of(until) + ")");
    if (!predicates.empty()) {
      std::string text;
      for (const std::string& predicate : predicates)
        text += (text.empty() ? "" : " AND ") + predicate;
      step("Filter " + text);
    }
    if (!node.maps.empty()) step("Map (" + scalar_.list(node.maps) + ")");
    write(node.input);
    indent_ = before;
  }

  void write(const Plan& plan, const plan::FlatMap& node) {
    over(plan,
         "FlatMap " + std::string(node.function->name) + "(" + scalar_.list(node.arguments) + ")" +
             (node.ordinality ? " with_ordinality" : ""),
         node.input);
  }

  void write(const Plan& plan, const plan::Join& node) {
    std::string on;
    for (const auto& scalars : node.equivalences) {
      on += (on.empty() ? "" : " AND ") + scalar_.list(scalars, " = ");
    }
    head(plan, on.empty() ? "CrossJoin" : "Join on=(" + on + ")");
    deeper([&] {
      for (const PlanPtr& input : node.inputs) write(input);
    });
  }

  std::string aggregate_text(const plan::Aggregate& aggregate) const {
    std::string text = std::string(aggregate.function->name) + "(" +
                       (aggregate.distinct ? "distinct " : "") +
                       (aggregate.arguments.empty() ? "*" : scalar_.list(aggregate.arguments));
    if (!aggregate.order_by.empty()) {
      text += " order_by=[";
      for (std::size_t i = 0; i < aggregate.order_by.size(); ++i) {
        const auto& key = aggregate.order_by[i];
        text += (i == 0 ? "" : ", ") + scalar_.of(key.key) + (key.descending ? " desc" : " asc") +
                (key.nulls_first ? " nulls_first" : " nulls_last");
      }
      text += "]";
    }
    text += ")";
    if (aggregate.filter) text += " filter=" + scalar_.of(aggregate.filter);
    return text;
  }

  void write(const Plan& plan, const plan::Reduce& node) {
    const std::string size = node.expected_group_size == 0
                                 ? ""
                                 : " exp_group_size=" + std::to_string(node.expected_group_size);
    const std::string keys = scalar_.list(node.group_key);
    if (node.aggregates.empty())
      return over(plan, "Distinct project=[" + keys + "]" + size, node.input);
    std::string aggregates;
    for (const auto& aggregate : node.aggregates) {
      aggregates += (aggregates.empty() ? "" : ", ") + aggregate_text(aggregate);
    }
    over(plan,
         std::string("Reduce") + (keys.empty() ? "" : " group_by=[" + keys + "]") +
             " aggregates=[" + aggregates + "]" + size,
         node.input);
  }

  void write(const Plan& plan, const plan::TopK& node) {
    std::string text = "TopK";
    if (!node.group_key.empty()) text += " group_by=[" + column_list(node.group_key) + "]";
    if (!node.order_by.empty()) text += " order_by=[" + order_text(node.order_by) + "]";
    if (node.limit) text += " limit=" + std::to_string(*node.limit);
    if (node.offset != 0) text += " offset=" + std::to_string(node.offset);
    if (node.expected_group_size != 0)
      text += " exp_group_size=" + std::to_string(node.expected_group_size);
    over(plan, std::move(text), node.input);
  }

  void write(const Plan& plan, const plan::Negate& node) { over(plan, "Negate", node.input); }
  void write(const Plan& plan, const plan::Threshold& node) { over(plan, "Threshold", node.input); }
  void write(const Plan& plan, const plan::Union& node) {
    head(plan, "Union");
    deeper([&] {
      for (const PlanPtr& input : node.inputs) write(input);
    });
  }
  void write(const Plan& plan, const plan::ArrangeBy& node) {
    std::string keys;
    for (const auto& key : node.keys)
      keys += (keys.empty() ? "[" : ", [") + scalar_.list(key) + "]";
    over(plan, "ArrangeBy keys=[" + keys + "]", node.input);
  }
  void write(const Plan& plan, const plan::Window& node) {
    std::string calls;
    for (const auto& call : node.expressions) {
      const std::string_view name =
          call.function != nullptr ? call.function->name : call.aggregate->name;
      calls += (calls.empty() ? "" : ", ") + std::string(name) + "(" +
               scalar_.list(call.arguments) + ")";
    }
    over(plan,
         "Window [" + calls + "] partition_by=[" + column_list(node.partition_by) + "] order_by=[" +
             order_text(node.order_by) + "]",
         node.input);
  }

  void write(const Plan& plan, const plan::Let&) {
    line("With");
    const Plan* at = &plan;
    const PlanPtr* body = nullptr;
    deeper([&] {
      while (const auto* let = std::get_if<plan::Let>(&at->node)) {
        line("cte l" + std::to_string(let->id.value) + " =");
        deeper([&] { write(let->value); });
        body = &let->body;
        at = body->get();
      }
    });
    line("Return");
    deeper([&] { write(*body); });
  }

  void write(const Plan&, const plan::LetRec& node) {
    std::string text = "With Mutually Recursive";
    if (node.limit) {
      text += " [recursion_limit=" + std::to_string(*node.limit) +
              (node.return_at_limit ? ", return_at_limit]" : "]");
    }
    line(text);
    deeper([&] {
      for (std::size_t i = 0; i < node.ids.size(); ++i) {
        line("cte l" + std::to_string(node.ids[i].value) + " =");
        deeper([&] { write(node.values[i]); });
      }
    });
    line("Return");
    deeper([&] { write(node.body); });
  }

 public:
  static std::string order_text(const std::vector<OrderKey>& order) {
    std::string text;
    for (const OrderKey& key : order) {
      text += (text.empty() ? "" : ", ") + column_name(key.column) +
              (key.descending ? " desc" : " asc") +
              (key.nulls_first ? " nulls_first" : " nulls_last");
    }
    return text;
  }

 private:
  const ExplainOptions& options_;
  ScalarText scalar_;
  int indent_;
  std::string out_;
};

}  // namespace

std::string explain(const PlanPtr& plan, const ExplainOptions& options) {
  PlanText text(options);
  text.write(plan);
  return text.take();
}

std::string explain(const PlanPtr& plan, const Finishing& finishing,
                    const ExplainOptions& options) {
  bool all = finishing.projection.size() == plan->types.size();
  for (std::size_t i = 0; all && i < finishing.projection.size(); ++i) {
    all = finishing.projection[i] == static_cast<int>(i);
  }
  if (all && finishing.order_by.empty() && !finishing.limit && finishing.offset == 0)
    return explain(plan, options);
  PlanText text(options);
  std::string line = "Finish";
  if (!finishing.order_by.empty())
    line += " order_by=[" + PlanText::order_text(finishing.order_by) + "]";
  if (finishing.limit) line += " limit=" + std::to_string(*finishing.limit);
  if (finishing.offset != 0) line += " offset=" + std::to_string(finishing.offset);
  text.line(line + " output=[" + column_list(finishing.projection) + "]");
  text.deeper([&] { text.write(plan); });
  return text.take();
}

std::string explain(const ScalarPtr& scalar, bool redacted) {
  return ScalarText(redacted).of(scalar);
}

}  // namespace tailrace::engine
