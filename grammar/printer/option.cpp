// Options, always as NAME = value.
#include "grammar/printer/writer.hpp"

namespace tailrace::grammar::printer {

namespace {

void write(Writer& w, const ast::Refresh& refresh) {
  if (std::holds_alternative<ast::RefreshOnCommit>(refresh)) {
    w << "ON COMMIT";
  } else if (std::holds_alternative<ast::RefreshAtCreation>(refresh)) {
    w << "AT CREATION";
  } else if (auto* at = std::get_if<ast::RefreshAt>(&refresh)) {
    w << "AT ";
    printer::write(w, at->time);
  } else {
    auto& every = std::get<ast::RefreshEvery>(refresh);
    w << "EVERY ";
    w.literal(quoted_literal(every.interval));
    if (!every.aligned_to) return;
    w << " ALIGNED TO ";
    printer::write(w, **every.aligned_to);
  }
}

void write(Writer& w, const ast::ReplicaDefinition& replica) {
  printer::write(w, replica.name);
  write_options(w, replica.options);
}

struct Visitor {
  Writer& w;

  void operator()(const ast::NullLiteral&) { w << "NULL"; }
  void operator()(const ast::BooleanLiteral& v) { w << (v.value ? "true" : "false"); }
  void operator()(const ast::NumberLiteral& v) { w.literal(v.text); }
  void operator()(const ast::StringLiteral& v) { w.literal(quoted_literal(v.value)); }
  void operator()(const ast::IntervalLiteral& v) { printer::write(w, v); }
  void operator()(const ast::ObjectName& v) { printer::write(w, v); }
  void operator()(const ast::SecretReference& v) {
    w << "SECRET ";
    printer::write(w, v.name);
  }
  void operator()(const ast::ObjectWithOptions& v) {
    printer::write(w, v.name);
    write_options(w, v.options);
  }
  void operator()(const ast::OptionList& v) { write_parenthesized(w, v.values); }
  void operator()(const ast::RetainFor& v) {
    w << "FOR ";
    printer::write(w, *v.duration);
  }
  void operator()(const ast::OptionPolicy& v) {
    w << v.name;
    if (!v.options.empty()) write_options(w, v.options);
  }
  void operator()(const ast::ReplicaDefinitions& v) {
    w << "(";
    for (std::size_t i = 0; i < v.replicas.size(); ++i) {
      if (i > 0) w << ", ";
      write(w, v.replicas[i]);
    }
    w << ")";
  }
  void operator()(const ast::Refresh& v) { write(w, v); }
  void operator()(const ast::MapConstructor& v) { printer::write(w, ast::Expression{v}); }
  void operator()(const ast::TypeName& v) { printer::write(w, v); }
};

}  // namespace

void write(Writer& w, const ast::OptionValue& value) {
  std::visit(Visitor{w}, value.node);
}

void write(Writer& w, const ast::Option& option) {
  w << option.name;
  if (!option.value) return;
  w << " = ";
  write(w, *option.value);
}

void write_options(Writer& w, const std::vector<ast::Option>& options) {
  w << " ";
  write_parenthesized(w, options);
}

void write_with(Writer& w, const std::vector<ast::Option>& options) {
  if (options.empty()) return;
  w << " WITH";
  write_options(w, options);
}

}  // namespace tailrace::grammar::printer
