//! The order in which the rows of a role that reads itself are decided: parents first (design section 3, point 15).
//!
//! Strongly connected components by Tarjan's algorithm (1972), written without recursion: chains may be of any depth.

use super::batch::Scene;
use super::encode::Reach;
use crate::column::RowSet;

/// Rows by depth, each wave after all rows it refers to; rows on a circle are in no wave.
pub(super) struct Waves {
    pub waves: Vec<Vec<u32>>,
    pub circles: RowSet,
}

/// Waves of all rows for the given ways to the rows that each one reads.
pub(super) fn waves(scene: &Scene<'_>, ways: &[Reach<'_>]) -> Waves {
    let count = scene.dataset.table(scene.record).row_count;
    let next = |row: u32, way: usize| ways.get(way).and_then(|way| way.row(row));
    Tarjan::new(count).run(ways.len(), &next)
}

const UNSEEN: u32 = u32::MAX;

struct Tarjan {
    index: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<u32>,
    depth: Vec<u32>,
    circles: RowSet,
}

impl Tarjan {
    fn new(count: usize) -> Self {
        Tarjan {
            index: vec![UNSEEN; count],
            low: vec![0; count],
            on_stack: vec![false; count],
            stack: Vec::new(),
            depth: vec![0; count],
            circles: RowSet::default(),
        }
    }

    fn run(mut self, way_count: usize, next: &dyn Fn(u32, usize) -> Option<u32>) -> Waves {
        let count = u32::try_from(self.index.len()).unwrap_or(u32::MAX);
        let mut counter = 0;
        // The row, and the way to look at next.
        let mut open: Vec<(u32, usize)> = Vec::new();
        for start in 0..count {
            if self.index[start as usize] != UNSEEN {
                continue;
            }
            open.push((start, 0));
            while let Some((row, way)) = open.last_mut() {
                let at = *row as usize;
                if *way == 0 && self.index[at] == UNSEEN {
                    self.index[at] = counter;
                    self.low[at] = counter;
                    counter += 1;
                    self.stack.push(*row);
                    self.on_stack[at] = true;
                }
                if *way < way_count {
                    let target = next(*row, *way);
                    *way += 1;
                    if let Some(target) = target {
                        if self.index[target as usize] == UNSEEN {
                            open.push((target, 0));
                        } else if self.on_stack[target as usize] {
                            self.low[at] = self.low[at].min(self.index[target as usize]);
                        }
                    }
                    continue;
                }
                let row = *row;
                open.pop();
                if let Some((parent, _)) = open.last() {
                    let parent = *parent as usize;
                    self.low[parent] = self.low[parent].min(self.low[at]);
                }
                if self.low[at] == self.index[at] {
                    self.component(row, way_count, next);
                }
            }
        }
        let mut waves: Vec<Vec<u32>> = Vec::new();
        for row in 0..count {
            if self.circles.contains(row) {
                continue;
            }
            let depth = self.depth[row as usize] as usize;
            if waves.len() <= depth {
                waves.resize(depth + 1, Vec::new());
            }
            waves[depth].push(row);
        }
        Waves { waves, circles: self.circles }
    }

    /// Closes the component of `root`: everything it refers to outside has been closed before.
    fn component(&mut self, root: u32, way_count: usize, next: &dyn Fn(u32, usize) -> Option<u32>) {
        let mut members = Vec::new();
        while let Some(member) = self.stack.pop() {
            self.on_stack[member as usize] = false;
            members.push(member);
            if member == root {
                break;
            }
        }
        let targets = |row: u32| (0..way_count).filter_map(move |way| next(row, way));
        let is_circle = members.len() > 1 || targets(root).any(|target| target == root);
        if is_circle {
            for member in members {
                self.circles.insert(member);
            }
            return;
        }
        let deepest = targets(root)
            .map(|target| if self.circles.contains(target) { 0 } else { self.depth[target as usize] + 1 })
            .max();
        self.depth[root as usize] = deepest.unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(parents: &[Option<u32>]) -> Waves {
        Tarjan::new(parents.len()).run(1, &|row, _| parents[row as usize])
    }

    #[test]
    fn parents_come_first_and_circles_are_left_out() {
        let found = run(&[Some(1), Some(2), None, Some(4), Some(3), Some(3), Some(6)]);
        assert_eq!(found.circles.iter().collect::<Vec<_>>(), [3, 4, 6]);
        assert_eq!(found.waves, [vec![2, 5], vec![1], vec![0]]);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_is_no_matter() {
        let count = 100_000;
        let parents: Vec<Option<u32>> = (0..count).map(|row: u32| row.checked_sub(1)).collect();
        assert_eq!(run(&parents).waves.len(), count as usize);
    }
}
