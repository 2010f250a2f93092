package dev.openshell.netns.linux.picture;

import dev.openshell.netns.RuleSet;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** A picture, read back by the JDK's XML parser. */
record Drawn(String svg, Document document) {
    /** A text's place. The widths are guesses on the wide side, made apart from those of the code under test. */
    record Place(String text, double left, double right, double top, double bottom) {
        boolean overlaps(Place other) {
            return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
        }
    }

    static Drawn of(RuleSet rules) {
        String svg = Picture.svg(rules);
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.setNamespaceAware(true);
            return new Drawn(svg, factory.newDocumentBuilder().parse(new InputSource(new StringReader(svg))));
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw new AssertionError("not well-formed: " + svg, e);
        }
    }

    List<Element> elements(String name) {
        NodeList found = document.getElementsByTagNameNS("http://www.w3.org/2000/svg", name);
        List<Element> elements = new ArrayList<>();
        for (int i = 0; i < found.getLength(); i++) {
            elements.add((Element) found.item(i));
        }
        return elements;
    }

    List<String> contents(String name) {
        return elements(name).stream().map(Element::getTextContent).toList();
    }

    /** What a person gets to see: texts, and tooltips, but for the whole document's, which repeats the headline. */
    List<String> seen() {
        List<String> seen = new ArrayList<>(contents("text"));
        List<String> titles = contents("title");
        seen.addAll(titles.subList(1, titles.size()));
        return seen;
    }

    int number(String attribute) {
        return Integer.parseInt(document.getDocumentElement().getAttribute(attribute));
    }

    List<Place> places() {
        return elements("text").stream().map(Drawn::place).toList();
    }

    private static Place place(Element text) {
        double size = number(text, "font-size");
        String content = text.getTextContent();
        double width = content.length() * size * 0.61;
        double x = number(text, "x") - (text.getAttribute("text-anchor").equals("middle") ? width / 2 : 0);
        double y = number(text, "y");
        return new Place(content, x, x + width, y - 0.8 * size, y + 0.2 * size);
    }

    /** Returns an area's place. */
    static Place area(Element rectangle) {
        double x = number(rectangle, "x");
        double y = number(rectangle, "y");
        return new Place("", x, x + number(rectangle, "width"), y, y + number(rectangle, "height"));
    }

    static double number(Element element, String attribute) {
        return Double.parseDouble(element.getAttribute(attribute));
    }
}
