// The nodes of a program that depend on state alone: which of them a call has to run.
//
// Every storage counts its writes, so a node is run when a count of what it reads is another than when it
// ran. A call takes the counts down when it is started, on the thread that starts calls and writes: what was
// started before it has run when it runs, what is started after it has not. It compares them when it runs, on
// whatever thread, one call at a time, with those of the call that ran the node last.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "program/code.h"

namespace lanegrad {

class HoistedNodes {
 public:
  explicit HoistedNodes(const Code& code);

  size_t count() const { return nodes_.size(); }  // they are the first nodes of the program

  // The counts as they are now.
  void take_down(std::vector<uint32_t>& versions) const;
  // Calls run(node) for those that are to run, in order, until one says that it is to end. False if one did.
  template <class F>
  bool update(std::span<const uint32_t> versions, F&& run) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (is_made(nodes_[i], versions)) continue;
      nodes_[i].made = false;
      if (!run(i)) return false;
      for (Source& s : nodes_[i].sources) s.version = versions[s.index];
      nodes_[i].made = true;
      ++nodes_[i].runs;
    }
    return true;
  }
  bool are_made(std::span<const uint32_t> versions) const {
    for (const Node& node : nodes_)
      if (!is_made(node, versions)) return false;
    return true;
  }
  // All are to run again.
  void forget() {
    for (Node& node : nodes_) node.made = false;
  }
  // How often it ran.
  uint64_t runs(size_t node) const { return nodes_[node].runs; }

 private:
  struct Source {
    size_t index;  // in state_
    uint32_t version = 0;
  };
  struct Node {
    std::vector<Source> sources;  // state that it reads, or that is in what it reads
    bool made = false;
    uint64_t runs = 0;
  };
  static bool is_made(const Node& node, std::span<const uint32_t> versions) {
    if (!node.made) return false;
    for (const Source& s : node.sources)
      if (s.version != versions[s.index]) return false;
    return true;
  }

  std::vector<Ref<Storage>> state_;
  std::vector<Node> nodes_;
};

}  // namespace lanegrad
