#include "engine/binder/lower_scalar.hpp"

#include "engine/binder/internal_function.hpp"

namespace tailrace::engine {

namespace {

struct Lowering {
  const bound::Expression& expression;
  const LeafLowering& leaf;

  std::vector<ScalarPtr> operands() const {
    std::vector<ScalarPtr> lowered;
    lowered.reserve(expression.operands.size());
    for (const bound::ExpressionPtr& operand : expression.operands)
      lowered.push_back(to_scalar(operand, leaf));
    return lowered;
  }
  ScalarPtr make(Scalar::Node node) const {
    return std::make_shared<const Scalar>(
        Scalar{expression.type, expression.nullable, std::move(node)});
  }

  ScalarPtr operator()(const bound::Column&) const { return leaf(expression); }
  ScalarPtr operator()(const bound::Exists&) const { return leaf(expression); }
  ScalarPtr operator()(const bound::ScalarSubquery&) const { return leaf(expression); }
  ScalarPtr operator()(const bound::Literal& node) const {
    return make(scalar::Literal{node.value});
  }
  ScalarPtr operator()(const bound::Parameter& node) const {
    return make(scalar::Parameter{node.number});
  }
  ScalarPtr operator()(const bound::MzNow&) const { return make(scalar::MzNow{}); }
  ScalarPtr operator()(const bound::Call& node) const {
    return make(scalar::Call{node.function, operands()});
  }
  ScalarPtr operator()(const bound::And&) const { return make(scalar::And{operands()}); }
  ScalarPtr operator()(const bound::Or&) const { return make(scalar::Or{operands()}); }
  ScalarPtr operator()(const bound::Coalesce&) const { return make(scalar::Coalesce{operands()}); }
  ScalarPtr operator()(const bound::Row&) const {
    return make(scalar::Call{&internal_function("row"), operands()});
  }
  ScalarPtr operator()(const bound::Case&) const {
    std::vector<ScalarPtr> all = operands();
    scalar::Case node;
    for (std::size_t i = 0; i + 1 < all.size(); i += 2)
      node.branches.push_back({all[i], all[i + 1]});
    node.otherwise = all.back();
    return make(std::move(node));
  }
  ScalarPtr operator()(const bound::Aggregate&) const { return misplaced(); }
  ScalarPtr operator()(const bound::Window&) const { return misplaced(); }

  ScalarPtr misplaced() const {
    ensure(false, "aggregates and window calls are planned before scalars are lowered");
    return nullptr;
  }
};

}  // namespace

ScalarPtr to_scalar(const bound::ExpressionPtr& expression, const LeafLowering& leaf) {
  return std::visit(Lowering{*expression, leaf}, expression->node);
}

ScalarPtr to_scalar(const bound::ExpressionPtr& expression) {
  return to_scalar(expression, [](const bound::Expression& e) {
    const auto* reference = std::get_if<bound::Column>(&e.node);
    if (reference == nullptr) throw unsupported("a subquery in this expression");
    ensure(reference->level == 0, "a scalar without subqueries looks at its input only");
    return column(reference->index, e.type, e.nullable);
  });
}

}  // namespace tailrace::engine
