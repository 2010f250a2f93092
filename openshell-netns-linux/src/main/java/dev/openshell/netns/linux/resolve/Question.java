package dev.openshell.netns.linux.resolve;

import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

/** What is asked for: an absolute name and A or AAAA. Names are equal whatever their case (RFC 4343). */
record Question(Name name, int type) {
    Record section() {
        return Record.newRecord(name, type, DClass.IN);
    }

    @Override
    public String toString() {
        return Type.string(type) + " " + name;
    }
}
