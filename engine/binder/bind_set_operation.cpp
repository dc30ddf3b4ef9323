// UNION, EXCEPT, INTERSECT: chains are walked in a loop, column types come together over the whole
// chain.
#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"

namespace tailrace::engine {

namespace {

std::string_view word_for(ast::SetOperator kind) {
  switch (kind) {
    case ast::SetOperator::union_:
      return "UNION";
    case ast::SetOperator::except:
      return "EXCEPT";
    case ast::SetOperator::intersect:
      return "INTERSECT";
  }
  return "";
}

bool has_unknown(const bound::Relation& relation) {
  for (const Type& type : relation.types) {
    if (type.id() == TypeId::unknown) return true;
  }
  return false;
}

bound::RelationPtr combine(Binding& binding, const ast::SetOperation& node, bound::RelationPtr left,
                           bound::RelationPtr right) {
  using bound::negate;
  using bound::threshold;
  using bound::union_all;
  if (node.kind == ast::SetOperator::union_) {
    bound::RelationPtr both = union_all({std::move(left), std::move(right)});
    return node.all ? both : bound::distinct(both);
  }
  if (!node.all) {
    left = bound::distinct(left);
    right = bound::distinct(right);
  }
  if (node.kind == ast::SetOperator::except) return threshold(union_all({left, negate(right)}));
  // l INTERSECT r = l - (l EXCEPT r)
  if (left->escapes > 0)
    return union_all({left, negate(threshold(union_all({left, negate(right)})))});
  const LocalId id = binding.new_local();
  const bound::RelationPtr local = bound::get_local(id, left->types, left->nullable);
  return bound::let(id, left,
                    union_all({local, negate(threshold(union_all({local, negate(right)})))}));
}

// One operand of the chain, with exactly its visible columns.
BoundQueryTree bind_operand(Binding& binding, const ast::QueryBody& body, const Scope* outer,
                            Outputs outputs) {
  binding.outputs = outputs;
  BoundQueryTree tree = bind_query_body(binding, body, outer);
  tree.relation = bound::project(tree.relation, tree.visible);
  for (std::size_t i = 0; i < tree.visible.size(); ++i) tree.visible[i] = static_cast<int>(i);
  return tree;
}

}  // namespace

BoundQueryTree bind_set_operation(Binding& binding, const ast::SetOperation& node,
                                  const Scope* outer) {
  const Outputs outputs = std::exchange(binding.outputs, {});
  std::vector<const ast::SetOperation*> chain = {&node};
  while (const auto* left = std::get_if<ast::SetOperation>(&chain.back()->left->node))
    chain.push_back(left);
  std::vector<const ast::QueryBody*> bodies = {&*chain.back()->left};
  for (auto link = chain.rbegin(); link != chain.rend(); ++link) bodies.push_back(&*(*link)->right);

  std::vector<BoundQueryTree> operands;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    operands.push_back(bind_operand(binding, *bodies[i], outer, {.keep_unknown = true}));
    if (operands[i].names.size() == operands[0].names.size()) continue;
    const ast::SetOperation& link = *chain[chain.size() - i];
    throw SqlError(sqlstate::syntax_error, "each " + std::string(word_for(link.kind)) +
                                               " query must have the same number of columns: " +
                                               std::to_string(operands[0].names.size()) + " vs " +
                                               std::to_string(operands[i].names.size()))
        .position(bodies[i]->position);
  }
  std::vector<Type> types;
  const std::string_view word = word_for(chain.back()->kind);
  for (std::size_t column = 0; column < operands[0].names.size(); ++column) {
    std::vector<Type> all;
    bool unknown = true;
    for (const BoundQueryTree& operand : operands) {
      all.push_back(operand.relation->types[column]);
      unknown = unknown && all.back().id() == TypeId::unknown;
    }
    const bool wanted = unknown && outputs.wanted != nullptr && column < outputs.wanted->size();
    types.push_back(wanted ? (*outputs.wanted)[column]
                           : unify_types(all, word, bodies.back()->position));
  }
  for (std::size_t i = 0; i < operands.size(); ++i) {
    // Literals whose type was open are read again, as what the chain came to.
    if (has_unknown(*operands[i].relation)) {
      operands[i] = bind_operand(binding, *bodies[i], outer, {.wanted = &types});
    }
    cast_outputs(binding, operands[i], types, CastContext::implicit, word);
    operands[i].relation = bound::project(operands[i].relation, operands[i].visible);
  }
  BoundQueryTree result = operands[0];
  for (std::size_t i = 1; i < operands.size(); ++i) {
    result.relation =
        combine(binding, *chain[chain.size() - i], result.relation, operands[i].relation);
  }
  for (std::size_t i = 0; i < result.names.size(); ++i) result.visible[i] = static_cast<int>(i);
  return result;
}

}  // namespace tailrace::engine
