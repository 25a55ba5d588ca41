//! What a browser makes of a page: its elements, as the parser of the HTML standard builds them.

use std::borrow::Cow;
use std::cell::{Ref, RefCell};

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::{Attribute, QualName, parse_document};

/// A node of a page.
#[derive(Debug)]
pub(crate) enum Node {
    Document,
    Element(QualName, Vec<(String, String)>),
    Text(String),
    /// A comment, or what becomes one.
    Comment,
}

/// A page.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: RefCell<Vec<Node>>,
    children: RefCell<Vec<Vec<usize>>>,
    parents: RefCell<Vec<Option<usize>>>,
}

impl Tree {
    pub(crate) fn of(page: &str) -> Self {
        let tree = Self {
            nodes: RefCell::default(),
            children: RefCell::default(),
            parents: RefCell::default(),
        };
        tree.add(Node::Document);
        parse_document(tree, html5ever::ParseOpts::default()).one(page)
    }

    pub(crate) fn node(&self, node: usize) -> Ref<'_, Node> {
        Ref::map(self.nodes.borrow(), |nodes| &nodes[node])
    }

    pub(crate) fn children(&self, node: usize) -> Vec<usize> {
        self.children.borrow()[node].clone()
    }

    /// Returns the node itself and all below it.
    pub(crate) fn all(&self, node: usize) -> Vec<usize> {
        let (mut found, mut next) = (Vec::new(), vec![node]);
        while let Some(node) = next.pop() {
            found.push(node);
            next.extend(self.children(node));
        }
        found
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<usize> {
        self.all(0)
            .into_iter()
            .find(|node| match &*self.node(*node) {
                Node::Element(_, attributes) => attributes
                    .iter()
                    .any(|(name, value)| name == "id" && value == id),
                _ => false,
            })
    }

    fn add(&self, node: Node) -> usize {
        self.nodes.borrow_mut().push(node);
        self.children.borrow_mut().push(Vec::new());
        self.parents.borrow_mut().push(None);
        self.nodes.borrow().len() - 1
    }

    fn place(&self, child: NodeOrText<usize>) -> usize {
        match child {
            NodeOrText::AppendNode(node) => {
                self.remove_from_parent(&node);
                node
            }
            NodeOrText::AppendText(text) => self.add(Node::Text(text.to_string())),
        }
    }
}

impl TreeSink for Tree {
    type Handle = usize;
    type Output = Self;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Self {
        self
    }

    fn get_document(&self) -> usize {
        0
    }

    fn get_template_contents(&self, target: &usize) -> usize {
        *target
    }

    fn same_node(&self, one: &usize, other: &usize) -> bool {
        one == other
    }

    fn elem_name(&self, target: &usize) -> Ref<'_, QualName> {
        Ref::map(self.nodes.borrow(), |nodes| match &nodes[*target] {
            Node::Element(name, _) => name,
            _ => unreachable!("only elements have names"),
        })
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> usize {
        let attributes = attributes.into_iter();
        let attributes = attributes.map(|one| (one.name.local.to_string(), one.value.to_string()));
        self.add(Node::Element(name, attributes.collect()))
    }

    fn create_comment(&self, _: StrTendril) -> usize {
        self.add(Node::Comment)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> usize {
        self.add(Node::Comment)
    }

    fn append(&self, parent: &usize, child: NodeOrText<usize>) {
        let child = self.place(child);
        self.parents.borrow_mut()[child] = Some(*parent);
        self.children.borrow_mut()[*parent].push(child);
    }

    fn append_before_sibling(&self, sibling: &usize, child: NodeOrText<usize>) {
        let child = self.place(child);
        let Some(parent) = self.parents.borrow()[*sibling] else {
            return;
        };
        let mut children = self.children.borrow_mut();
        let at = children[parent].iter().position(|node| node == sibling);
        children[parent].insert(at.expect("a child"), child);
        self.parents.borrow_mut()[child] = Some(parent);
    }

    fn append_based_on_parent_node(
        &self,
        element: &usize,
        previous: &usize,
        child: NodeOrText<usize>,
    ) {
        if self.parents.borrow()[*element].is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn remove_from_parent(&self, target: &usize) {
        if let Some(parent) = self.parents.borrow_mut()[*target].take() {
            self.children.borrow_mut()[parent].retain(|node| node != target);
        }
    }

    fn reparent_children(&self, node: &usize, parent: &usize) {
        let moved = std::mem::take(&mut self.children.borrow_mut()[*node]);
        for child in &moved {
            self.parents.borrow_mut()[*child] = Some(*parent);
        }
        self.children.borrow_mut()[*parent].extend(moved);
    }

    fn add_attrs_if_missing(&self, _: &usize, _: Vec<Attribute>) {}

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn set_quirks_mode(&self, _: QuirksMode) {}
}
