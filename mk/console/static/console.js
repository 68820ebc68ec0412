// Keys, double clicks, dialogs and the way back: what pages can do beyond their forms and links.
"use strict";

const root = "/console";
const one = (selector, within = document) => within.querySelector(selector);
