// Programs as text: JSON for explain(), and a listing for people.
#include <iomanip>
#include <sstream>
#include <string_view>

#include "program/program.h"

namespace lanegrad {
namespace {

std::string quoted(std::string_view text) {
  std::ostringstream out;
  out << '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out << '\\' << c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out << "\\u" << std::hex << std::setw(4) << std::setfill('0') << static_cast<int>(c) << std::dec;
    } else {
      out << c;
    }
  }
  out << '"';
  return out.str();
}

void print_shape(std::ostream& out, const Dims& shape) {
  out << '[';
  for (int i = 0; i < shape.size(); ++i) out << (i ? "," : "") << shape[i];
  out << ']';
}

void print_operands(std::ostream& out, const Code& code, const std::vector<CodeOperand>& list) {
  out << '[';
  for (size_t k = 0; k < list.size(); ++k) {
    const CodeOperand& o = list[k];
    if (k > 0) out << ',';
    if (o.storage == CodeOperand::kNothing) {
      out << "null";
      continue;
    }
    const char* const kind =
        o.on_storage() ? name_of(code.storages[static_cast<size_t>(o.storage)].holding) : "number";
    out << "{\"kind\":" << quoted(kind) << ",\"storage\":" << o.storage << ",\"version\":" << o.version
        << ",\"dtype\":" << quoted(name_of(o.spec.dtype)) << ",\"shape\":";
    print_shape(out, o.spec.shape);
    out << '}';
  }
  out << ']';
}

}  // namespace

std::string Program::describe() const {
  const std::lock_guard lock(building_);
  const Code& code = recorded_.code;
  size_t bytes[static_cast<size_t>(Holding::kHoisted) + 1] = {};
  for (const CodeStorage& s : code.storages)
    if (!in_arena(s)) bytes[static_cast<size_t>(s.holding)] += s.bytes;
  std::ostringstream out;
  out << "{\"name\":" << quoted(name()) << ",\"nodesBefore\":" << nodes_before_
      << ",\"nodesAfter\":" << running_nodes(code) << ",\"nodesHoisted\":" << hoisted_->count()
      << ",\"arenaBytes\":" << plan_.bytes << ",\"eagerPeakBytes\":" << recorded_.eager_peak
      << ",\"inPlace\":" << plan_.reused << ",\"keptBytes\":" << bytes[static_cast<size_t>(Holding::kKept)]
      << ",\"hoistedBytes\":" << bytes[static_cast<size_t>(Holding::kHoisted)]
      << ",\"stateBytes\":" << bytes[static_cast<size_t>(Holding::kState)] << ",\"calls\":" << calls_
      << ",\"passes\":[";
  for (size_t i = 0; i < reports_.size(); ++i) {
    out << (i ? "," : "") << "{\"name\":" << quoted(reports_[i].name)
        << ",\"changes\":" << reports_[i].changes << ",\"nodesAfter\":" << reports_[i].nodes_after << '}';
  }
  out << "],\"nodes\":[";
  for (size_t i = 0; i < code.nodes.size(); ++i) {
    const CodeNode& node = code.nodes[i];
    out << (i ? "," : "") << "{\"op\":" << quoted(node.op->name) << ",\"inputs\":";
    print_operands(out, code, node.inputs);
    out << ",\"outputs\":";
    print_operands(out, code, node.outputs);
    out << ",\"workspaceBytes\":" << node.workspace;
    if (!node.detail.empty()) out << ",\"fused\":" << quoted(node.detail);
    if (node.hoisted) out << ",\"runs\":" << hoisted_->runs(i);
    if (!times_.empty()) out << ",\"microseconds\":" << times_[i];
    out << '}';
  }
  out << "]}";
  return out.str();
}

std::string Program::print() const {
  const std::lock_guard lock(building_);
  std::ostringstream out;
  out << name() << ": " << nodes_before_ << " ops recorded, " << running_nodes(recorded_.code) << " run, "
      << hoisted_->count() << " hoisted, arena " << plan_.bytes << " bytes (eager " << recorded_.eager_peak
      << ")\n"
      << print_code(recorded_.code);
  return out.str();
}

}  // namespace lanegrad
